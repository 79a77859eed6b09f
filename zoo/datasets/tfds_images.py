"""Labelled image sets read through TensorFlow Datasets."""

from __future__ import annotations

import dataclasses
import operator
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.labelled_images import LabelledImages
from classwise.zoo.errors import InputError, unknown_name
from classwise.zoo.quiet import start_tensorflow

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


@dataclasses.dataclass(frozen=True)
class TfdsImageSet:
    """What is known of a data set before it is read."""

    image_shape: tuple[int, int, int]
    num_classes: int
    num_images: dict[str, int]
    download_host: str


# Any TFDS set with the features `image` (of one shape) and `label` can be added here.
TFDS_IMAGE_SETS = {
    "cifar10": TfdsImageSet(
        (32, 32, 3), 10, {"train": 50_000, "test": 10_000}, "www.cs.toronto.edu"
    ),
    "cifar100": TfdsImageSet(
        (32, 32, 3), 100, {"train": 50_000, "test": 10_000}, "www.cs.toronto.edu"
    ),
    "fashion_mnist": TfdsImageSet(
        (28, 28, 1),
        10,
        {"train": 60_000, "test": 10_000},
        "fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    ),
}


def load_split(
    name: str, split: str, data_dir: str | Path | None = None, download: bool = True
) -> LabelledImages:
    """Returns all images of one split, in the order in which they are stored.

    Args:
        name: `"fashion_mnist"`, `"cifar10"` or `"cifar100"`.
        split: `"train"` or `"test"`.
        data_dir: where TFDS keeps its data; default: TFDS's own, `~/tensorflow_datasets`.
        download: let TFDS download and prepare a set that is not there yet.

    Raises:
        InputError: an unknown name or split, no such folder, or data that is not prepared and
            cannot be downloaded, or is damaged.

    Example:

    >>> load_split("fashion_mnist", "test")  # doctest: +SKIP
    LabelledImages(fashion_mnist:test, 10000 images (28, 28, 1), 10 classes)
    """
    builder = _prepared_builder(name, split, data_dir, download)
    known = TFDS_IMAGE_SETS[name]
    images = np.empty((known.num_images[split], *known.image_shape), np.uint8)
    labels = np.empty(len(images), np.int64)
    ids = []
    for batch_images, batch_labels, batch_ids in _read(builder, split, batch_size=1000):
        batch = slice(len(ids), len(ids) + len(batch_ids))
        images[batch], labels[batch] = batch_images, batch_labels
        ids.extend(batch_ids)
    class_names = tuple(builder.info.features["label"].names)
    return LabelledImages(name, split, images, labels, np.array(ids), class_names)


def stream_split(
    name: str,
    split: str,
    batch_size: int = 256,
    data_dir: str | Path | None = None,
    download: bool = True,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields the batches of `load_split`, holding no more than a few of them in memory.

    Arguments and errors are those of `load_split`; `TFDS_IMAGE_SETS` tells the number of images.

    Yields:
        images uint8 `[b, H, W, C]`, labels int64 `[b]`, ids str `[b]`.
    """
    if operator.index(batch_size) < 1:
        raise InputError(f"batch_size is {batch_size}; it must be 1 or more.")
    builder = _prepared_builder(name, split, data_dir, download)
    return _read(builder, split, batch_size)


def _prepared_builder(
    name: str, split: str, data_dir: str | Path | None, download: bool
) -> tfds.core.DatasetBuilder:
    if name not in TFDS_IMAGE_SETS:
        raise unknown_name("data set", name, TFDS_IMAGE_SETS)
    known = TFDS_IMAGE_SETS[name]
    if split not in known.num_images:
        raise unknown_name(f"split of {name}", split, known.num_images)
    if data_dir is not None and not Path(data_dir).is_dir():
        raise InputError(
            f"data_dir '{data_dir}' is not a folder; name the one that holds '{name}/', make it "
            "first to download into it, or leave it out for ~/tensorflow_datasets."
        )

    start_tensorflow()

    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=None if data_dir is None else str(data_dir))
    place = Path(builder.data_path).parent.parent
    # TFDS logs a warning when it is asked about a folder that does not exist
    if not (Path(builder.data_path).exists() and builder.is_prepared()):
        if not download:
            raise InputError(
                f"{name} is not prepared in '{place}'; allow the download, or name the folder "
                "that holds it as data_dir."
            )
        try:
            _check_reachable(known.download_host)
            builder.download_and_prepare()
        # TFDS passes on whatever its sources raise: no network, checksum, full disk, ...
        except Exception as error:
            raise InputError(
                f"{name} is not prepared in '{place}' and could not be downloaded "
                f"({_first_line(error)}); run tfds.load('{name}') where there is a network and "
                "name the folder that holds it as data_dir."
            ) from error
    stored = builder.info.splits[split].num_examples if split in builder.info.splits else 0
    if stored != known.num_images[split]:
        raise _damaged(
            builder, f"{stored} {split} images where {known.num_images[split]} are expected"
        )
    return builder


def _read(
    builder: tfds.core.DatasetBuilder, split: str, batch_size: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    import tensorflow as tf
    import tensorflow_datasets as tfds

    image_feature = builder.info.features["image"]

    def record(example):
        return image_feature.decode_example(example["image"]), example["label"], *id_of(example)

    def id_of(example):
        return [example["id"]] if "id" in example else []

    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        # decoding in the parallel map below is twice as fast as TFDS's own
        decoders={"image": tfds.decode.SkipDecoding()},
        # TFDS would keep a small set in memory
        read_config=tfds.ReadConfig(try_autocache=False),
    )
    dataset = dataset.map(record, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size).prefetch(2)
    position = 0
    try:
        for images, labels, *ids in dataset.as_numpy_iterator():
            if ids:
                ids = [id.decode() for id in ids[0]]
            else:
                ids = [f"{split}_{i:05d}" for i in range(position, position + len(images))]
            position += len(images)
            yield images, labels, np.array(ids)
    except tf.errors.OpError as error:
        raise _damaged(builder, _first_line(error)) from error


def _check_reachable(host: str) -> None:
    # Without a network TFDS would retry for minutes. A proxy resolves names itself.
    if not urllib.request.getproxies().keys() & {"http", "https", "all"}:
        socket.getaddrinfo(host, 443)


def _damaged(builder: tfds.core.DatasetBuilder, what: str) -> InputError:
    return InputError(
        f"{builder.name} in '{builder.data_path}' is damaged: {what}; delete that folder and "
        "prepare it again."
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
