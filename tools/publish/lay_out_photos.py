"""Lays the photographs of a judged data set out as its protocol reads them, from a clone of git:

python -m tools.publish.lay_out_photos caltech101 CLONE DATA_DIR
python -m tools.publish.lay_out_photos --list

CLONE is a clone, bare or not, of the repository that --list names, with the commit that it names;
nothing is checked out. Writes `DATA_DIR/NAME/SPLIT/CLASS/FILE`, whole or not at all.
"""

import argparse
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.written_folder import written_kind

IMAGES = (".jpg", ".jpeg", ".png")
KIND = "a data set"


@dataclass(frozen=True)
class Layout:
    """Where the files of a data set lie in a repository, and where they go.

    Args:
        repository: on GitHub.
        commit: which has all of them.
        place: maps a file's path there to SPLIT/CLASS/FILE, or to None for one that is no image of
            the set.
    """

    repository: str
    commit: str
    place: Callable[[PurePosixPath], str | None]


def caltech101(path: PurePosixPath) -> str | None:
    """Keeps the folders of `101_ObjectCategories` as they are."""
    if path.parts[0] != "101_ObjectCategories" or len(path.parts) != 3:
        return None
    return f"all/{path.parts[1].lower()}/{path.name}"


def flowers102(path: PurePosixPath) -> str | None:
    """Puts the splits of one kind of flower together."""
    if path.parts[0] != "flowers" or len(path.parts) != 4:
        return None
    return f"all/{path.parts[2]}/{path.name}"


def omniglot(path: PurePosixPath) -> str | None:
    """Names a character by the number that its files begin with."""
    splits = {"images_background": "train", "images_evaluation": "test"}
    split = next((splits[part] for part in path.parts if part in splits), None)
    return split and f"{split}/{path.name[:4]}/{path.name}"


def ukbench(path: PurePosixPath) -> str | None:
    """Puts each four photographs in a row, which show one thing, together.

    Example:

    >>> ukbench(PurePosixPath("dataset/ukbench/ukbench00007.jpg"))
    'all/1/ukbench00007.jpg'
    """
    number = path.stem.removeprefix("ukbench")
    if path.parts[:2] != ("dataset", "ukbench") or not number.isdecimal():
        return None
    return f"all/{int(number) // 4}/{path.name}"


LAYOUTS = {
    "caltech101": Layout(
        "MachineLearning2020/Homework2-Caltech101",
        "836044dd000296b2bb74d0aa4b4e462e459b01d7",
        caltech101,
    ),
    "flowers102": Layout(
        "udacity/aipnd-project", "c0e9c034e325cb5c8c54535ed39010b7fbad889a", flowers102
    ),
    "omniglot": Layout(
        "tensorfreitas/Siamese-Networks-for-One-Shot-Learning",
        "8aae45687b3f0d1499bf8bf804d7a741b7828eb2",
        omniglot,
    ),
    "ukbench": Layout(
        "Mister-kaushalam/Basic_image_search_engine",
        "823dd95e11ceb58546da8a088d4808ca74eaa96f",
        ukbench,
    ),
}


def lay_out(name: str, clone: Path, data_dir: Path) -> int:
    """Writes the images of a data set; returns how many.

    Raises:
        InputError: no such data set or clone, the commit is not in it, or it holds another number
            of images; or the folder exists and holds something else.
    """
    if name not in LAYOUTS:
        raise unknown_name("data set", name, LAYOUTS)
    layout, target = LAYOUTS[name], data_dir / name
    check_new_folder(target, KIND, name, written_kind(target) == KIND, "move it away")
    objects = listed(clone, layout)
    wanted = sum(get_data_set(name).num_images.values())
    if len(objects) != wanted:
        raise InputError(f"{clone} holds {len(objects)} images of {name}; {wanted} are expected.")
    with replacing_folder(target, KIND) as folder:
        for place, content in zip(objects, contents(clone, objects.values()), strict=True):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_bytes(content)
    return len(objects)


def git(clone: Path, *arguments: str) -> list[str]:
    """Returns a command of git on a clone."""
    inside = clone / ".git" if (clone / ".git").is_dir() else clone
    return ["git", f"--git-dir={inside}", *arguments]


def listed(clone: Path, layout: Layout) -> dict[str, str]:
    """Returns the objects of the images by where they go, in the order of their paths."""
    listing = git(clone, "ls-tree", "-r", "-z", layout.commit)
    done = subprocess.run(listing, capture_output=True, check=False)
    if done.returncode:
        raise InputError(
            f"'{clone}' does not hold commit {layout.commit[:8]} of {layout.repository}: "
            f"{done.stderr.decode().strip()}"
        )
    found = {}
    for line in filter(None, done.stdout.decode("utf-8", "surrogateescape").split("\0")):
        facts, _, path = line.partition("\t")
        place = layout.place(PurePosixPath(path)) if path.lower().endswith(IMAGES) else None
        if place is not None:
            found[place] = facts.split()[2]
    return dict(sorted(found.items()))


def contents(clone: Path, objects) -> Iterator[bytes]:
    """Yields the content of objects of a clone."""
    reader = subprocess.Popen(
        git(clone, "cat-file", "--batch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with reader:
        for name in objects:
            reader.stdin.write(f"{name}\n".encode())
            reader.stdin.flush()
            size = int(reader.stdout.readline().split()[2])
            yield reader.stdout.read(size)
            reader.stdout.read(1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=LAYOUTS, help="of the data set")
    parser.add_argument("clone", nargs="?", type=Path, metavar="CLONE")
    parser.add_argument("data_dir", nargs="?", type=Path, metavar="DATA_DIR")
    parser.add_argument("--list", action="store_true", help="show repositories and commits")
    options = parser.parse_args()
    if options.list:
        for name, layout in LAYOUTS.items():
            print(f"{name}: https://github.com/{layout.repository} at {layout.commit}")
        return
    if options.data_dir is None:
        parser.error("name a data set, a clone and the folder of the data sets")
    try:
        count = lay_out(options.name, options.clone, options.data_dir)
    except InputError as error:
        parser.exit(2, f"lay_out_photos: {error}\n")
    print(f"Wrote {options.data_dir / options.name}: {count:,} images.")


if __name__ == "__main__":
    main()
