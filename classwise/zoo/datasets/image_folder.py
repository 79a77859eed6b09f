"""A folder of image files, with one sub-folder a class, or flat and without labels."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.labelled_images import LabelledImages
from classwise.zoo.datasets.read_images import check_image_shape, read_images, unreadable_image
from classwise.zoo.foundation.errors import InputError


class FolderImages:
    """Image files that are decoded by `read_images` when they are indexed, like an array.

    Args:
        paths: the files.
        image_shape: height, width and channels of every image.
    """

    def __init__(self, paths: list[Path], image_shape: tuple[int, int, int]):
        self.paths = np.array([str(path) for path in paths])
        self.image_shape = check_image_shape(image_shape)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.paths), *self.image_shape

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: np.ndarray | slice | int) -> np.ndarray:
        chosen = self.paths[key]
        images = read_images(np.atleast_1d(chosen), self.image_shape)
        return images[0] if np.ndim(chosen) == 0 else images

    def select(self, indices: np.ndarray) -> FolderImages:
        """Returns the images at `indices`, not yet decoded."""
        return FolderImages(self.paths[indices], self.image_shape)


def load_folder(
    path: str | Path,
    image_shape: tuple[int, int, int],
    labelled: bool | None = None,
    skip_bad_files: bool = False,
) -> LabelledImages:
    """Returns the images of a folder; files are decoded when they are used.

    Every sub-folder is a class, and class ids follow the alphabetical order of their names; a
    folder with files only is unlabelled. Files are sorted by name; hidden ones are ignored.
    The header of every file is checked at once; damage further in shows, with the file's name,
    when the file is used.

    Args:
        path: the folder.
        image_shape: height, width, channels (1 or 3) that `read_images` brings every image to.
        labelled: True or False demand a folder with or without classes; default: take either.
        skip_bad_files: leave out what cannot be read, and list it in `.skipped`. All files are then
            decoded once at the start.

    Raises:
        InputError: no such folder; no image in it, or in one class; a file that is not an image,
            or lies beside class folders.

    Example:

    >>> load_folder("shoes", (64, 64, 3))  # doctest: +SKIP
    LabelledImages(shoes:folder, 812 images (64, 64, 3), 4 classes)
    """
    folder = Path(path)
    image_shape = check_image_shape(image_shape)
    if not folder.is_dir():
        raise InputError(f"'{folder}' is not a folder; name a folder of images.")
    entries = _visible(folder)
    class_folders = [entry for entry in entries if entry.is_dir()]
    if labelled is None:
        labelled = bool(class_folders)
    if labelled and not class_folders:
        raise InputError(f"'{folder}' has no sub-folders; make one a class and put images there.")

    bad_files = _BadFiles(folder, skip_bad_files)
    check = _check_pixels if skip_bad_files else _check_header
    if labelled:
        for entry in entries:
            if not entry.is_dir():
                bad_files.add(entry, InputError(f"'{entry}' lies beside the class folders."))
        paths = [list(bad_files.without(_visible(one), check)) for one in class_folders]
        for one, files in zip(class_folders, paths, strict=True):
            if not files:
                raise InputError(f"class folder '{one}' holds no image; add some or remove it.")
        labels = np.repeat(np.arange(len(paths)), [len(files) for files in paths])
        paths = [file for files in paths for file in files]
    else:
        paths, labels = list(bad_files.without(entries, check)), None
    if not paths:
        raise InputError(f"folder '{folder}' holds no image.")
    return LabelledImages(
        name=folder.resolve().name,
        split="folder",
        images=FolderImages(paths, image_shape),
        labels=labels,
        ids=np.array([file.relative_to(folder).as_posix() for file in paths]),
        class_names=tuple(one.name for one in class_folders) if labelled else (),
        skipped=tuple(bad_files.skipped),
    )


class _BadFiles:
    """Raises the error of the first bad file, or collects their names where they are skipped."""

    def __init__(self, folder: Path, skip: bool):
        self.folder = folder
        self.skip = skip
        self.skipped: list[str] = []

    def add(self, file: Path, error: InputError) -> None:
        if not self.skip:
            remedy = "leave it out (skip_bad_files=True, --skip-bad-files)."
            raise InputError(str(error).replace("leave it out.", remedy)) from error
        self.skipped.append(file.relative_to(self.folder).as_posix())

    def without(self, files: list[Path], check) -> Iterator[Path]:
        for file in files:
            try:
                check(file)
            except InputError as error:
                self.add(file, error)
            else:
                yield file


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise InputError(f"folder '{folder}' cannot be read: {error.strerror}.") from error


def _check_header(file: Path) -> None:
    from PIL import Image

    try:
        with Image.open(file):
            pass
    except Exception as error:
        raise unreadable_image(file, error) from error


def _check_pixels(file: Path) -> None:
    read_images(file, (1, 1, 3))


@contextlib.contextmanager
def plain_input_errors() -> Iterator[None]:
    """Turns TensorFlow's wrapping of an `InputError`, raised while decoding, back into it.

    Put it around whatever consumes a `tf.data.Dataset` made from `LabelledImages`.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        _, found, sentence = error.message.partition(f"{InputError.__name__}: ")
        if not found:
            raise
        raise InputError(sentence.splitlines()[0]) from error
