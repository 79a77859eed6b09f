"""Images by role, as lists name them: read, checked against each other and against the disk."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_classes import check_class_names
from classwise.zoo.datasets.image_files import ImageFiles, check_folder
from classwise.zoo.datasets.image_list import ImageList, read_image_list
from classwise.zoo.datasets.listed_protocols import LIST_ROLES, ListProtocol
from classwise.zoo.foundation.errors import InputError

FEW = 64  # images of a folder that are asked for one by one; of more, all its names are read


@dataclasses.dataclass(frozen=True, eq=False)
class ListedImages:
    """Images of each role that a list was given for.

    Args:
        sources: by role, to be loaded at the size of a model.
        facts: by role, the number of images and a SHA-256 of the list (`ImageList.digest`).
        notes: what should be known of the lists, in sentences.
    """

    sources: Mapping[str, FileSource]
    facts: Mapping[str, dict]
    notes: tuple[str, ...]


def open_lists(
    files: Mapping[str, str | os.PathLike],
    root: str | os.PathLike | None = None,
    *,
    class_names: Sequence[str] | None = None,
    protocol: ListProtocol | None = None,
    loaded: Sequence[str] = LIST_ROLES,
) -> ListedImages:
    """Reads lists of images and checks all that can be known without a model.

    Where every image of all lists carries one label, labels are class ids, else multi-hot.

    Args:
        files: by role (`LIST_ROLES`), a list or a pattern as in `read_image_list`.
        root: folder that paths start from. Defaults to the folder of the lists.
        class_names: C names. Defaults to "0", "1", ...
        protocol: what the lists have to keep; None takes any lists.
        loaded: roles whose images have to be there; of others the lists are compared only.

    Raises:
        InputError: a list that cannot be read; lists of different widths; images that are not
            there; or what `protocol` forbids.
    """
    lists = {role: read_image_list(files[role]) for role in LIST_ROLES if role in files}
    classes = _num_classes(lists, class_names, protocol)
    names = check_class_names(class_names or [str(number) for number in range(classes)])
    notes = [*_within(lists), *_between(lists, protocol), *_sizes(lists, protocol)]
    folder = check_folder(_folder(files) if root is None else root)
    ids = all(images.one_label_each for images in lists.values())
    sources = {}
    for role in loaded:
        if role in lists:
            images = lists[role]
            _check_files(role, images, folder)
            labels = images.labels
            if ids and labels.ndim == 2:
                labels = labels.argmax(axis=1)
            sources[role] = FileSource(ImageFiles(folder, tuple(images.names)), labels, names)
    facts = {r: {"images": len(images), "sha256": images.digest()} for r, images in lists.items()}
    return ListedImages(sources, facts, tuple(notes))


def _num_classes(
    lists: Mapping[str, ImageList],
    class_names: Sequence[str] | None,
    protocol: ListProtocol | None,
) -> int:
    """Returns how many classes there are, the same in all lists and for all who say so."""
    rows = {images.file: images.num_classes for images in lists.values() if images.labels.ndim == 2}
    if rows and len(rows) < len(lists):
        raise InputError(
            f"'{next(iter(rows))}' has a column for every class, and another list class ids; write "
            "all in one form."
        )
    if len(set(rows.values())) > 1:
        told = ", ".join(f"'{file}' {width}" for file, width in rows.items())
        raise InputError(f"The lists have labels of different widths: {told}; give them alike.")
    found = max(images.num_classes for images in lists.values())
    known = len(class_names) if class_names is not None else None
    for expected, who in (
        (known, "class names are given"),
        (protocol and protocol.num_classes, f"classes are those of {protocol and protocol.name}"),
    ):
        if expected is not None and (found != expected if rows else found > expected):
            raise InputError(
                f"'{next(iter(lists.values())).file}' has labels of {found} classes, but "
                f"{expected} {who}; give the lists that belong to them."
            )
    return known or (protocol.num_classes if protocol else max(found, 2))


def _within(lists: Mapping[str, ImageList]) -> list[str]:
    notes = []
    for role, images in lists.items():
        again = len(images) - len(set(images.names))
        if again:
            notes.append(f"{again:,} lines of '{images.file}' ({role}) name an image once more.")
        if images.unlabeled:
            notes.append(f"{images.unlabeled:,} images of '{images.file}' ({role}) carry no label.")
    return notes


def _between(lists: Mapping[str, ImageList], protocol: ListProtocol | None) -> list[str]:
    """Tells which roles share images, or raises where the protocol says that they don't."""
    notes: list[str] = []
    if len(lists) == 1:
        return notes
    named = {role: set(images.names) for role, images in lists.items()}
    for one, other in itertools.combinations(reversed(LIST_ROLES), 2):
        if one not in named or other not in named:
            continue
        shared = named[one] & named[other]
        if not shared:
            continue
        said = f"{len(shared):,} images are in the {one} and in the {other}, as '{min(shared)}'"
        if protocol is not None and (one, other) in protocol.disjoint:
            raise InputError(
                f"{said}; {protocol.name} has none in both, so leave its name out, or give other "
                "lists."
            )
        notes.append(f"{said}.")
    return notes


def _sizes(lists: Mapping[str, ImageList], protocol: ListProtocol | None) -> list[str]:
    if protocol is None:
        return []
    return [
        f"'{images.file}' lists {len(images):,} images; {protocol.name} as published has "
        f"{protocol.images[role]:,} ({role}), so figures on it are not those of publications."
        for role, images in lists.items()
        if len(images) != protocol.images[role]
    ]


def _folder(files: Mapping[str, str | os.PathLike]) -> Path:
    folders = {Path(file).parent for file in files.values()}
    if len(folders) > 1:
        raise InputError(
            f"The lists lie in {len(folders)} folders; name the one that their paths start from "
            "(root=, --root)."
        )
    return folders.pop()


def _check_files(role: str, images: ImageList, root: Path) -> None:
    """Raises `InputError` unless all images are there; no file is opened."""
    by_folder: dict[str, list[str]] = {}
    for name in images.names:
        folder, _, base = name.rpartition("/")
        by_folder.setdefault(folder, []).append(base)
    missing = []
    for folder, bases in by_folder.items():
        place = root / folder
        if len(bases) < FEW:
            missing += [place / base for base in bases if not (place / base).is_file()]
            continue
        try:
            with os.scandir(place) as entries:
                there = {entry.name for entry in entries if entry.is_file()}
        except OSError:
            there = set()
        missing += [place / base for base in bases if base not in there]
    if missing:
        raise InputError(
            f"{len(missing):,} of the {len(images):,} images in '{images.file}' ({role}) are not "
            f"there, '{missing[0]}' among them; name the folder that their paths start from "
            "(root=, --root)."
        )
