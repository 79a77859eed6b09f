"""Classes of images by the folders that they lie in, numbered by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_files import ImageFiles, visible_folders
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
                "into one, or take the images without labels (labelled=False)."
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
