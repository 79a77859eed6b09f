"""Which files of a folder are images: of any tree of photos, and what lies about in it."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from classwise.zoo.datasets.open_image import UnreadableImage, image_suffixes, opened_image
from classwise.zoo.foundation.errors import InputError

# Folders of thumbnails and of deleted files, which systems make inside people's own.
OF_SYSTEMS = {"__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "lost+found"}
# Side-car files are images in nothing but their first bytes.
SIDE_CARS = {".thm"}
# A file that does not call itself an image is one if it begins like a photo. TIFF is not among
# them: raw photos begin like it, and hold a thumbnail where the image would be.
PHOTO_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF", b"BM")
HEADERS_AT_ONCE = 16
# So many a task that handing it over takes no time beside it.
HEADERS_A_TASK = 32


@dataclasses.dataclass(frozen=True)
class ImageFiles:
    """The files below a folder, in the order of their paths.

    Args:
        root: the folder that names are relative to.
        names: of the images, with "/" between folders.
        others: of the files that are no images.
        bad: of broken images that were left out, with the reason of each.
    """

    root: Path
    names: tuple[str, ...]
    others: tuple[str, ...] = ()
    bad: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def paths(self) -> list[Path]:
        return [self.root / name for name in self.names]


def find_images(
    folder: str | os.PathLike,
    *,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    check: Callable[[Path, int | None], None] | None = None,
    known: Callable[[str, os.stat_result | None], bool] | None = None,
) -> ImageFiles:
    """Finds every image below a folder, whatever the depth, by reading headers.

    Hidden files and folders, and those that systems make (`@eaDir`, `__MACOSX`, ...), are passed
    over. Links are followed. A file that is named as an image but is none is a broken image.

    Args:
        folder: where to look.
        skip_bad_files: leave broken images out. Defaults to refusing the first one.
        max_pixels: see `read_images`.
        check: raises `UnreadableImage` for a broken image, given its path and `max_pixels`.
            Defaults to reading its header.
        known: whether an image, given its name and what the system says of its file (None if it
            says nothing), need not be checked. Defaults to none.

    Raises:
        InputError: no such folder, a broken image, or a file that may not be read.
    """
    root = check_folder(folder)
    files = list(_below(root))
    return checked_images(
        root,
        files,
        skip_bad_files=skip_bad_files,
        max_pixels=max_pixels,
        check=check,
        known=known,
    )


def check_folder(folder: str | os.PathLike) -> Path:
    """Returns the path of a folder, or raises `InputError` where there is none."""
    if not Path(folder).is_dir():
        raise InputError(f"'{folder}' is not a folder; name a folder of images.")
    return Path(folder)


def checked_images(
    root: Path,
    names: Iterable[str],
    *,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    check: Callable[[Path, int | None], None] | None = None,
    known: Callable[[str, os.stat_result | None], bool] | None = None,
) -> ImageFiles:
    """Sorts out which of these files are images; arguments and errors as in `find_images`."""

    def problem(name: str) -> UnreadableImage | None:
        try:
            (check or check_header)(root / name, max_pixels)
        except UnreadableImage as error:
            return error
        return None

    def problems(first: int) -> list[UnreadableImage | None]:
        return [problem(name) for name in unknown[first : first + HEADERS_A_TASK]]

    suffixes = image_suffixes()
    beginning = os.path.join(root, "")  # noqa: PTH118  # a hundred thousand times
    images, unknown, others, bad = [], [], [], {}
    for name in names:
        status = _status(beginning + name)
        if not _is_image(beginning + name, status, suffixes):
            others.append(name)
            continue
        images.append(name)
        if known is None or not known(name, status):
            unknown.append(name)
    with ThreadPoolExecutor(HEADERS_AT_ONCE) as threads:
        found = threads.map(problems, range(0, len(unknown), HEADERS_A_TASK))
        for name, error in zip(unknown, chain.from_iterable(found), strict=True):
            if error is None:
                continue
            if not skip_bad_files:
                threads.shutdown(wait=False, cancel_futures=True)
                raise refused(error)
            bad[name] = str(error)
    return ImageFiles(root, tuple(n for n in images if n not in bad), tuple(others), bad)


def refused(error: UnreadableImage) -> UnreadableImage:
    """Returns the same error with the way to leave broken images out."""
    remedy = "leave it out (skip_bad_files=True, --skip-bad-files)."
    return UnreadableImage(str(error).replace("leave it out.", remedy))


def check_header(path: Path, max_pixels: int | None = None) -> None:
    """Raises `UnreadableImage` unless a file begins as an image does."""
    with opened_image(path, max_pixels):
        pass


def visible_folders(folder: Path) -> list[Path]:
    """Returns the folders in a folder that people made, in the order of their names."""
    return [Path(entry) for entry in _entries(folder) if _is_folder(entry)]


def _below(root: Path) -> Iterator[str]:
    """Yields the files below a folder, folder by folder; no link leads around in a circle."""
    open_folders, above, prefixes = [iter(_entries(root))], [_identity(root)], [""]
    while open_folders:
        entry = next(open_folders[-1], None)
        if entry is None:
            for stack in (open_folders, above, prefixes):
                stack.pop()
        elif not _is_folder(entry):
            yield f"{prefixes[-1]}{entry.name}"
        elif (identity := _identity(Path(entry))) not in above:
            open_folders.append(iter(_entries(Path(entry))))
            above.append(identity)
            prefixes.append(f"{prefixes[-1]}{entry.name}/")


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _entries(folder: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            visible = [
                entry
                for entry in entries
                if not entry.name.startswith(".") and entry.name.lower() not in OF_SYSTEMS
            ]
    except OSError as error:
        raise InputError(f"folder '{folder}' cannot be read: {error.strerror}.") from error
    return sorted(visible, key=lambda entry: entry.name)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError:  # a link to nowhere, or to itself
        return None


def _is_image(path: str, status: os.stat_result | None, suffixes: frozenset[str]) -> bool:
    """Returns whether a file is named as an image, or else begins like a photo."""
    suffix = f".{path.rpartition('.')[2]}".lower()
    if suffix in SIDE_CARS:
        return False
    if status is None:
        return suffix in suffixes
    if not stat.S_ISREG(status.st_mode):
        return False  # a pipe would be waited for
    if suffix in suffixes:
        return True
    try:
        with Path(path).open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return (head.startswith(PHOTO_STARTS) or head[4:8] == b"ftyp") and _opens(Path(path))


def _opens(path: Path) -> bool:
    try:
        check_header(path)
    except UnreadableImage:
        return False
    return True
