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
from classwise.zoo.datasets.pipelines import PARALLEL_BATCHES, without_autotuning
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


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
) -> SplitBatches:
    """Returns the batches of `load_split`, to be read as often as wanted, few at a time in memory.

    Arguments and errors are those of `load_split`; `TFDS_IMAGE_SETS` tells the number of images.
    """
    if operator.index(batch_size) < 1:
        raise InputError(f"batch_size is {batch_size}; it must be 1 or more.")
    return SplitBatches(_prepared_builder(name, split, data_dir, download), split, batch_size)


@dataclasses.dataclass(frozen=True)
class SplitBatches:
    """Iterates over the batches of a split, each time from its first image on.

    A batch is images uint8 `[b, H, W, C]`, labels int64 `[b]` and ids str `[b]`.
    """

    builder: tfds.core.DatasetBuilder
    split: str
    batch_size: int

    def __iter__(self) -> Iterator[Batch]:
        return self.after(0)

    def after(self, first: int) -> Iterator[Batch]:
        """Returns an iterator that leaves the first images out, without decoding them."""
        return _read(self.builder, self.split, self.batch_size, first)


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

    try:
        builder = tfds.builder(name, data_dir=None if data_dir is None else str(data_dir))
    except Exception as error:  # it reads the description of the prepared data, if there is one
        place = Path("~/tensorflow_datasets" if data_dir is None else data_dir) / name
        raise _damaged(name, place, _first_line(error)) from error
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
    splits, features = builder.info.splits, builder.info.features
    expected = known.num_images[split], known.image_shape, known.num_classes
    found = (
        splits[split].num_examples if split in splits else 0,
        features["image"].shape,
        features["label"].num_classes,
    )
    if found != expected:
        what = "{} {split} images {} in {} classes where {} {} in {} are expected"
        raise _damaged(name, builder.data_path, what.format(*found, *expected, split=split))
    return builder


def _read(
    builder: tfds.core.DatasetBuilder, split: str, batch_size: int, first: int = 0
) -> Iterator[Batch]:
    """Yields the batches of `SplitBatches`, at half the cost of TFDS's own `as_dataset`.

    That one parses record by record, which takes more time than decoding a small image does.
    """
    import tensorflow as tf
    from tensorflow_datasets.core.file_adapters import ADAPTER_FOR_FORMAT

    features, stored = builder.info.features, builder.info.splits[split]
    kinds = {"image": tf.string, "label": tf.int64, "id": tf.string}
    columns = {
        name: tf.io.FixedLenFeature((), kind) for name, kind in kinds.items() if name in features
    }
    pixels = tf.TensorSpec(features["image"].shape, tf.uint8)

    def decode(records: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = tf.io.parse_example(records, columns)
        decode_one = features["image"].decode_example
        images = tf.map_fn(decode_one, batch["image"], fn_output_signature=pixels)
        return batch | {"image": images}

    files = ADAPTER_FOR_FORMAT[builder.info.file_format]
    dataset = tf.data.Dataset.from_tensor_slices([str(path) for path in stored.filepaths])
    dataset = dataset.flat_map(files.make_tf_data)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(stored.num_examples))
    dataset = dataset.skip(first).batch(batch_size)
    dataset = dataset.map(decode, num_parallel_calls=PARALLEL_BATCHES).prefetch(2)
    position = first
    try:
        for batch in without_autotuning(dataset).as_numpy_iterator():
            end = position + len(batch["label"])
            if "id" in batch:
                ids = [id.decode() for id in batch["id"]]
            else:
                ids = [f"{split}_{number:05d}" for number in range(position, end)]
            position = end
            yield batch["image"], batch["label"], np.array(ids)
    except tf.errors.OpError as error:
        raise _damaged(builder.name, builder.data_path, _first_line(error)) from error


def _check_reachable(host: str) -> None:
    # Without a network TFDS would retry for minutes. A proxy resolves names itself.
    if not urllib.request.getproxies().keys() & {"http", "https", "all"}:
        socket.getaddrinfo(host, 443)


def _damaged(name: str, place: Path, what: str) -> InputError:
    return InputError(
        f"{name} in '{place}' is damaged: {what}; delete that folder and prepare it again."
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
