"""What a command takes for images: a tree of photos, files, a list of them, Parquet, a split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_classes import labels_by_folder
from classwise.zoo.datasets.image_files import ImageFiles, checked_images, find_images
from classwise.zoo.datasets.image_stream import ImageStream
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.open_image import URL
from classwise.zoo.datasets.parquet_source import open_parquet, parquet_files
from classwise.zoo.datasets.read_images import check_max_pixels
from classwise.zoo.datasets.split_source import SplitSource
from classwise.zoo.datasets.splits import readable
from classwise.zoo.foundation.errors import InputError, unknown_name

LIST_SUFFIX = ".txt"


class OpenedImages(Protocol):
    """Images that were found and checked, and can be loaded at the size that a model takes.

    Attributes:
        count: number of images.
        others: names of files beside the images that are none.
        skipped: names of broken images that were left out.
        class_names: of the labels; empty where there are none, or none are known yet.
    """

    count: int
    others: tuple[str, ...]
    skipped: tuple[str, ...]
    class_names: tuple[str, ...]

    def load(self, image_shape: tuple[int, int, int]) -> LabeledImages:
        """Returns the images; those of files are decoded when they are used."""

    def stream(self, image_shape: tuple[int, int, int], batch_size: int) -> ImageStream:
        """Returns the images in batches, from files decoded on all cores."""


def open_images(
    source: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    labeled: bool | None = False,
    class_names: Sequence[str] | None = None,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    data_dir: Path | None = None,
) -> OpenedImages:
    """Finds the images that a source names, and checks all that can be known without a model.

    Args:
        source: a folder, at any depth; one image, or several of them; a text file (.txt) with the
            path of an image a line, relative to that file; a Parquet file, or a folder of them,
            with the bytes of images (see `open_parquet`); or a split of a data set, `name:split`.
        labeled: give the images of a folder the class of the sub-folder that they lie in; None
            does so where all of them lie in one. A split is labeled anyway.
        class_names: see `load_folder`.
        skip_bad_files: leave broken images out.
        max_pixels: see `read_images`.
        data_dir: folder of TFDS data.

    Raises:
        InputError: no such folder, file or data set, or a broken image.
    """
    check_max_pixels(max_pixels)
    many = [source] if isinstance(source, str | os.PathLike) else list(source)
    checks = {"skip_bad_files": skip_bad_files, "max_pixels": max_pixels}
    path = Path(many[0]) if len(many) == 1 else None
    if path is not None and not path.exists() and (split := _split(str(many[0]), data_dir)):
        _refuse_labels("a split of a data set has its own", False, class_names)
        return split
    for each in many:
        if not Path(each).exists():
            raise InputError(
                f"'{each}' is not a folder, nor an image that is there; give a folder, images, a "
                "list of them (.txt) or a split of a data set (name:split)."
            )
    if path is not None and path.is_dir():
        files = find_images(path, **checks)
        if not files.names and (tables := parquet_files(path)):
            _refuse_labels("Parquet files have no folders", labeled, class_names)
            return open_parquet(tables, **checks)
        if not files.names:
            raise InputError(f"folder '{path}' holds no image.")
        if labeled is None:
            labeled = all("/" in name for name in files.names)
        return FileSource(files, *_labels(files, labeled, class_names), **checks)
    if path is not None and path.is_file() and parquet_files(path):
        _refuse_labels("Parquet files have no folders", labeled, class_names)
        return open_parquet([path], **checks)
    _refuse_labels("a list of files has no folders", labeled, class_names)
    if path is not None and path.suffix.lower() == LIST_SUFFIX:
        remedy = f"take it off the list '{path}', of which each line is the path of an image"
        files = _named_files(path.parent, _listed(path), remedy, **checks)
    else:
        files = _named_files(Path(), [str(each) for each in many], "leave it out", **checks)
    return FileSource(files, None, (), **checks)


def evenly_chosen(images: LabeledImages, count: int) -> LabeledImages:
    """Returns `count` of the images, spread evenly, or all if they are fewer.

    Example:

    >>> from classwise.zoo.datasets.sample import load_sample
    >>> evenly_chosen(load_sample("fashion_mnist"), 3).labels.tolist()
    [9, 0, 9]
    """
    if len(images) <= count:
        return images
    return images.select(np.linspace(0, len(images) - 1, count).round().astype(int))


def _split(source: str, data_dir: Path | None) -> SplitSource | None:
    """Returns a split that is written `name:split`, or None where no split can be meant."""
    name, colon, split = source.partition(":")
    if URL.match(source):
        raise InputError(f"'{source[:80]}' is a URL; fetch the images first, and give the folder.")
    if name in DATA_SETS and (colon or DATA_SETS[name].source):
        known = DATA_SETS[name].num_images
        if not colon:
            splits = " or ".join(f"{name}:{split}" for split in known)
            raise InputError(f"{name} is a data set of several splits; give {splits}.")
        readable(name, split)
        return SplitSource(name, split, data_dir)
    if colon and "/" not in source and os.sep not in source:
        raise unknown_name("data set", name, DATA_SETS)
    return None


def _labels(
    files: ImageFiles, labeled: bool, class_names: Sequence[str] | None
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    return labels_by_folder(files, class_names) if labeled else (None, ())


def _refuse_labels(why: str, labeled: bool | None, class_names: Sequence[str] | None) -> None:
    if labeled or class_names is not None:
        raise InputError(
            f"Labels by folder were asked for, but {why}; give a folder of class folders, or "
            "leave them out (--labels, --class-names)."
        )


def _listed(path: Path) -> list[str]:
    """Returns the paths in a text file, one a line."""
    if not path.is_file():
        raise InputError(f"There is no list of images '{path}'; give a text file or a folder.")
    try:
        lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}.") from error
    names = [line for line in lines if line.strip()]
    if not names:
        raise InputError(f"'{path}' lists no image; write the path of one a line.")
    return names


def _named_files(root: Path, names: list[str], remedy: str, **checks) -> ImageFiles:
    """Returns images that somebody named one by one, all of which must be there."""
    seen = set()
    for name in names:
        path = root / name
        if not path.exists():
            raise InputError(f"There is no image '{path}'; {remedy}.")
        if name in seen:
            raise InputError(f"'{name}' is given twice; name each image once.")
        if path.is_dir():
            raise InputError(f"'{path}' is a folder among files; give one folder, or files only.")
        seen.add(name)
    files = checked_images(root, names, **checks)
    if files.others:
        raise InputError(
            f"'{root / files.others[0]}' is not an image; give a folder, images, or a list (.txt)."
        )
    if not files.names:
        raise InputError("All images that were given are broken.")
    return files
