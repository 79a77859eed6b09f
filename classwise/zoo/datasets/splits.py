"""The splits of data sets by name, wherever their images come from."""

from __future__ import annotations

import operator
from pathlib import Path

from classwise.zoo.datasets.catalogue import DATA_SETS, get_data_set
from classwise.zoo.datasets.data_set import Batches, DataSet
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError, unknown_name


def load_split(
    name: str, split: str, data_dir: str | Path | None = None, download: bool = True
) -> LabeledImages:
    """Returns all images of one split, in the order in which they are stored.

    Args:
        name: of the catalogue, such as `"fashion_mnist"`.
        split: `"train"`, `"test"`, or what else the data set has.
        data_dir: where TFDS keeps its data; default: TFDS's own, `~/tensorflow_datasets`.
        download: let TFDS download and prepare a set that is not there yet.

    Raises:
        InputError: an unknown name or split, no such folder, or data that is not prepared and
            cannot be downloaded, or is damaged.

    Example:

    >>> load_split("fashion_mnist", "test")  # doctest: +SKIP
    LabeledImages(fashion_mnist:test, 10000 images (28, 28, 1), 10 classes)
    """
    data_set = readable(name, split)
    return data_set.source.load(data_set, split, data_dir, download)


def stream_split(
    name: str,
    split: str,
    batch_size: int = 256,
    data_dir: str | Path | None = None,
    download: bool = True,
) -> Batches:
    """Returns the batches of `load_split`, to be read as often as wanted, few at a time in memory.

    Arguments and errors are those of `load_split`; `get_data_set` tells the number of images.
    """
    if operator.index(batch_size) < 1:
        raise InputError(f"batch_size is {batch_size}; it must be 1 or more.")
    data_set = readable(name, split)
    return data_set.source.stream(data_set, split, batch_size, data_dir, download)


def readable(name: str, split: str) -> DataSet:
    """Returns a data set that has a source and this split, or raises `InputError`."""
    data_set = get_data_set(name)
    if data_set.source is None:
        others = ", ".join(known.name for known in DATA_SETS.values() if known.source)
        raise InputError(
            f"{name} is known by its facts only; classwise reads {others}, and folders of images."
        )
    if split not in data_set.num_images:
        raise unknown_name(f"split of {name}", split, data_set.num_images)
    return data_set
