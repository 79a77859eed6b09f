"""A folder of image files: any tree of photos, or one sub-folder a class."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_classes import labels_by_folder
from classwise.zoo.datasets.image_files import (
    ImageFiles,
    check_header,
    find_images,
    refused,
    visible_folders,
)
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.open_image import UnreadableImage
from classwise.zoo.datasets.read_images import (
    check_image_shape,
    check_max_pixels,
    read_images,
)
from classwise.zoo.foundation.errors import InputError


class FolderImages:
    """Image files that are decoded by `read_images` when they are indexed, like an array.

    Args:
        paths: the files.
        image_shape: height, width and channels of every image.
        max_pixels: see `read_images`.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike],
        image_shape: tuple[int, int, int],
        max_pixels: int | None = None,
    ):
        # A million strings that are an array already go fast.
        strings = isinstance(paths, np.ndarray) and paths.dtype.kind == "U"
        self.paths: np.ndarray = (
            np.asarray(paths) if strings else np.array([str(path) for path in paths])
        )
        self.image_shape = check_image_shape(image_shape)
        self.max_pixels = max_pixels

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.paths), *self.image_shape

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: np.ndarray | slice | int) -> np.ndarray:
        chosen = np.asarray(self.paths[key])
        paths = chosen.ravel().tolist()
        try:
            images = read_images(paths, self.image_shape, max_pixels=self.max_pixels)
        except UnreadableImage as error:
            raise refused(error) from error
        return images.reshape(*chosen.shape, *self.image_shape)

    def select(self, indices: np.ndarray) -> FolderImages:
        """Returns the images at `indices`, not yet decoded."""
        return FolderImages(self.paths[indices], self.image_shape, self.max_pixels)


def load_folder(
    path: str | os.PathLike,
    image_shape: tuple[int, int, int],
    labeled: bool | None = None,
    skip_bad_files: bool = False,
    *,
    class_names: Sequence[str] | None = None,
    max_pixels: int | None = None,
) -> LabeledImages:
    """Returns the images of a folder, at any depth; files are decoded when they are used.

    Every sub-folder is a class, also an empty one, and all images below it belong to it; ids
    follow the alphabetical order of their names. A folder without sub-folders is unlabeled. Files
    are sorted by their paths; what is no image is passed over and listed in `.others`.
    The header of every image is checked at once; damage further in shows, with the file's name,
    when the file is used.

    Args:
        path: the folder.
        image_shape: height, width, channels (1 or 3) that `read_images` brings every image to.
        labeled: True demands classes, False takes any tree without them; default: labeled where
            there are sub-folders.
        skip_bad_files: leave broken images out, and list them in `.skipped`. All files are then
            decoded once at the start.
        class_names: number the classes as another folder does: `train.class_names`. Classes may
            be missing here; one that is not among them is refused.
        max_pixels: see `read_images`.

    Raises:
        InputError: no such folder; no image in it; a broken image; with labels, an image beside
            the class folders or of a class that is not in `class_names`.

    Example:

    >>> load_folder("shoes", (64, 64, 3))  # doctest: +SKIP
    LabeledImages(shoes:folder, 812 images (64, 64, 3), 4 classes)
    """
    image_shape = check_image_shape(image_shape)
    check_max_pixels(max_pixels)
    files = find_images(
        path,
        skip_bad_files=skip_bad_files,
        max_pixels=max_pixels,
        check=check_pixels if skip_bad_files else check_header,
    )
    if labeled is None:
        labeled = class_names is not None or bool(visible_folders(files.root))
    return images_of(files, image_shape, labeled, class_names, max_pixels)


def images_of(
    files: ImageFiles,
    image_shape: tuple[int, int, int],
    labeled: bool,
    class_names: Sequence[str] | None = None,
    max_pixels: int | None = None,
) -> LabeledImages:
    """Returns the images of files that were found; arguments and errors as in `load_folder`."""
    labels, names = labels_by_folder(files, class_names) if labeled else (None, ())
    if not files.names:
        raise InputError(f"folder '{files.root}' holds no image.")
    return LabeledImages(
        name=files.root.resolve().name,
        split="folder",
        images=FolderImages(files.paths, image_shape, max_pixels),
        labels=labels,
        ids=np.array(files.names),
        class_names=names,
        skipped=tuple(files.bad),
        others=files.others,
    )


def check_pixels(path: Path, max_pixels: int | None = None) -> None:
    """Raises `UnreadableImage` unless the whole file can be decoded."""
    read_images(path, (1, 1, 3), max_pixels=max_pixels)


@contextlib.contextmanager
def plain_input_errors() -> Iterator[None]:
    """Turns TensorFlow's wrapping of an `InputError`, raised while decoding, back into it.

    Put it around whatever consumes a `tf.data.Dataset` made from `LabeledImages`.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        for kind in (InputError, UnreadableImage):
            _, found, sentence = error.message.partition(f"{kind.__name__}: ")
            if found:
                raise kind(sentence.splitlines()[0]) from error
        raise
