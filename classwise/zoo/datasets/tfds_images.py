"""Images of a data set that are read through TensorFlow Datasets."""

from __future__ import annotations

import dataclasses
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from classwise.zoo.datasets.data_set import Batch, DataSet
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.pipelines import PARALLEL_BATCHES, without_autotuning
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    import tensorflow_datasets as tfds


@dataclasses.dataclass(frozen=True)
class TfdsSource:
    """Any set of TFDS with the features `image`, of one shape, and `label`.

    Args:
        download_host: what must be reachable where it is not prepared yet.
        tfds_name: its name there, where it is not the data set's.
    """

    download_host: str
    tfds_name: str | None = None
    needs_data_dir: ClassVar[bool] = False

    def load(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> LabeledImages:
        """Returns all images of a split; see `load_split`."""
        builder = self._prepared_builder(data_set, split, data_dir, download)
        images = np.empty((data_set.num_images[split], *data_set.image_shape), np.uint8)
        labels = np.empty(len(images), np.int64)
        ids = []
        for batch_images, batch_labels, batch_ids in _read(builder, split, batch_size=1000):
            batch = slice(len(ids), len(ids) + len(batch_ids))
            images[batch], labels[batch] = batch_images, batch_labels
            ids.extend(batch_ids)
        class_names = tuple(builder.info.features["label"].names)
        return LabeledImages(data_set.name, split, images, labels, np.array(ids), class_names)

    def stream(
        self,
        data_set: DataSet,
        split: str,
        batch_size: int,
        data_dir: str | Path | None,
        download: bool,
    ) -> SplitBatches:
        """Returns the same images in batches; see `stream_split`."""
        builder = self._prepared_builder(data_set, split, data_dir, download)
        return SplitBatches(builder, split, batch_size)

    def _prepared_builder(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> tfds.core.DatasetBuilder:
        name = self.tfds_name or data_set.name
        if data_dir is not None and not Path(data_dir).is_dir():
            raise InputError(
                f"data_dir '{data_dir}' is not a folder; name the one that holds '{name}/', make "
                "it first to download into it, or leave it out for ~/tensorflow_datasets."
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
                _check_reachable(self.download_host)
                builder.download_and_prepare()
            # TFDS passes on whatever its sources raise: no network, checksum, full disk, ...
            except Exception as error:
                raise InputError(
                    f"{name} is not prepared in '{place}' and could not be downloaded "
                    f"({_first_line(error)}); run tfds.load('{name}') where there is a network and "
                    "name the folder that holds it as data_dir."
                ) from error
        splits, features = builder.info.splits, builder.info.features
        expected = data_set.num_images[split], data_set.image_shape, data_set.num_classes
        found = (
            splits[split].num_examples if split in splits else 0,
            features["image"].shape,
            features["label"].num_classes,
        )
        if found != expected:
            what = "{} {split} images {} in {} classes where {} {} in {} are expected"
            raise _damaged(name, builder.data_path, what.format(*found, *expected, split=split))
        return builder


@dataclasses.dataclass(frozen=True)
class SplitBatches:
    """Iterates over the batches of a split, each time from its first image on.

    A batch is images uint8 `[b, H, W, C]`, labels int64 `[b]` and ids str `[b]`.
    """

    builder: tfds.core.DatasetBuilder
    split: str
    batch_size: int

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.builder.info.features["label"].names)

    def __iter__(self) -> Iterator[Batch]:
        return self.after(0)

    def after(self, first: int) -> Iterator[Batch]:
        """Returns an iterator that leaves the first images out, without decoding them."""
        return _read(self.builder, self.split, self.batch_size, first)


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
