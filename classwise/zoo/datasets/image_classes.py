"""Classes of images by the folders that they lie in, numbered by name."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_files import ImageFiles, visible_folders
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError, unknown_name


def labels_by_folder(
    files: ImageFiles, class_names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns the class id of every image, int64 `[N]`, and the names of the classes.

    Every sub-folder of the root is a class, also an empty one; what lies below it belongs to it.

    Args:
        files: from `find_images`.
        class_names: of another folder, which ids shall agree with. Defaults to the sub-folders in
            alphabetical order.

    Raises:
        InputError: no sub-folders, an image beside them, or one whose class is not in
            `class_names`.
    """
    folders = [folder.name for folder in visible_folders(files.root)]
    if not folders:
        raise InputError(
            f"'{files.root}' has no sub-folders; make one a class and put images there."
        )
    of_image = [name.partition("/")[0] for name in files.names]
    for name, folder in zip(files.names, of_image, strict=True):
        if folder == name:
            raise InputError(
                f"'{files.root / name}' lies beside the class folders, so it has no class; move it "
                "into one. Images may lie anywhere where no labels are asked for (labeled=False, "
                "`encode` without --labels)."
            )
    class_names = check_class_names(folders if class_names is None else class_names)
    ids = {name: label for label, name in enumerate(class_names)}
    for folder in dict.fromkeys(of_image):
        if folder not in ids:
            error = unknown_name("class", folder, class_names)
            raise InputError(f"'{files.root / folder}': {error}")
    return np.array([ids[folder] for folder in of_image], np.int64), class_names


def check_class_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Returns names of classes as a tuple, or raises `InputError` unless all differ."""
    if isinstance(class_names, str) or not all(isinstance(name, str) for name in class_names):
        raise InputError(f"class_names is {class_names!r}; give a sequence of names.")
    names = tuple(map(str, class_names))
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"class_names holds '{name}' twice; every class has its own name.")
    return names


def read_class_names(source: str | os.PathLike) -> tuple[str, ...]:
    """Reads the names of classes, in the order of their ids.

    Args:
        source: a folder of class folders, a file of codes (`.npz`) that holds `class_names`, or a
            text file with one name a line.

    Raises:
        InputError: none of these.
    """
    path = Path(source)
    if path.is_dir():
        names = [folder.name for folder in visible_folders(path)]
    elif not path.is_file():
        raise InputError(
            f"'{path}' gives no class names; give a folder of class folders, a file of codes, or a "
            "text file with one name a line."
        )
    elif path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as file:
                names = file["class_names"].tolist() if "class_names" in file.files else []
        except Exception as error:  # numpy raises errors of zip, zlib and its own
            raise InputError(f"{path} is not a readable .npz file: {error}.") from error
    else:
        try:
            names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        except ValueError as error:
            raise InputError(f"'{path}' is not a text file: {error}.") from error
        names = [name for name in names if name]
    if not names:
        raise InputError(
            f"'{path}' holds no class names; encode with --labels folders, or give a folder that "
            "has one sub-folder a class."
        )
    return check_class_names(names)


def renumbered(labels: np.ndarray, class_names: Sequence[str], target: Sequence[str]) -> np.ndarray:
    """Returns labels as class ids, or multi-hot columns, of other names, matched by name.

    Args:
        labels: class ids `[N]` or multi-hot `[N, C]`.
        class_names: what they mean, C names.
        target: names that hold all of them.

    Raises:
        InputError: a label has no name.

    Example:

    >>> renumbered(np.array([0, 1, 1]), ["boot", "clog"], ["bag", "clog", "boot"]).tolist()
    [2, 1, 1]
    """
    labels = np.asarray(labels)
    places = {name: place for place, name in enumerate(target)}
    moved = np.array([places[name] for name in class_names], np.int64)
    if labels.ndim == 2 and labels.shape[1] == len(moved):
        columns = np.zeros((len(labels), len(target)), labels.dtype)
        columns[:, moved] = labels
        return columns
    if labels.ndim != 1 or (len(labels) and not 0 <= labels.min() <= labels.max() < len(moved)):
        raise InputError(
            f"There are {len(moved)} class names, and labels of shape {labels.shape} from "
            f"{labels.min()} to {labels.max()}; every label needs a name."
        )
    return moved[labels] if len(labels) else labels


def one_numbering(
    first: Sequence[str], second: Sequence[str], prefer: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Returns names that hold those of both, `prefer` where it does.

    Raises:
        InputError: no class is in both, or only one has names.
    """
    if bool(first) != bool(second):
        raise InputError(
            "Only one of queries and database has class names, so their classes cannot be matched; "
            "encode both with --labels folders."
        )
    if not first:
        return ()
    if not set(first) & set(second):
        raise InputError(
            f"Queries and database have no class in common: {listed(first)}, and {listed(second)}."
        )
    every = tuple(dict.fromkeys((*second, *first)))
    return tuple(prefer) if prefer and set(every) <= set(prefer) else every


def in_one_numbering(
    queries: LabeledImages, database: LabeledImages, prefer: Sequence[str] | None = None
) -> tuple[LabeledImages, LabeledImages]:
    """Returns both with the same class names in the same order, matched by name."""
    names = one_numbering(queries.class_names, database.class_names, prefer)
    both = []
    for images in (queries, database):
        if images.class_names != names:
            labels = renumbered(images.labels, images.class_names, names)
            images = dataclasses.replace(images, labels=labels, class_names=names)
        both.append(images)
    return tuple(both)


def listed(names: Sequence[str]) -> str:
    """Returns names for a sentence, the first of many."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} others" if len(names) > 5 else "")
