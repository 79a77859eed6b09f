"""Records of TFDS whose images stay in its files, however many and however large they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from classwise.zoo.datasets.file_part import FilePart
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Of a TFRecord file: eight bytes of length and four of their checksum, then the record, then four.
BEFORE, AFTER = 12, 4


class TfdsRecords(NamedTuple):
    """Images as files, their labels int64 `[N]`, their names str `[N]`, and those of classes."""

    files: list[FilePart | bytes]
    labels: np.ndarray
    names: list[str]
    class_names: tuple[str, ...]


class Keys(NamedTuple):
    """The features that are read: an image's label, its name and its class's, if it has them.

    Others, such as masks, are left alone.
    """

    label: str = "label"
    name: str | None = None
    class_name: str | None = None


def read_records(builder: tfds.core.DatasetBuilder, splits: str, keys: Keys) -> TfdsRecords:
    """Reads where the images of prepared splits lie, and how they are labeled, in one pass.

    Args:
        builder: of what TFDS prepared.
        splits: names, joined by "+".
        keys: which features.

    Raises:
        InputError: a feature, a split or a file is missing, or damaged.
    """
    import tensorflow as tf

    place, stored = builder.data_path, builder.info.features
    missing = [key for key in ("image", *filter(None, keys)) if key not in stored]
    missing += [split for split in splits.split("+") if split not in builder.info.splits]
    if missing:
        raise InputError(
            f"{builder.name} in '{place}' has no {', '.join(missing)}; it was prepared by another "
            "version of TFDS: delete that folder and prepare it again."
        )
    files: list[FilePart | bytes] = []
    labels, names = [], []
    class_names = list(stored[keys.label].names)
    try:
        for split in splits.split("+"):
            for image, features in _examples(builder, split):
                label = features[keys.label].int64_list.value[0]
                if keys.class_name is not None:
                    class_names[label] = features[keys.class_name].bytes_list.value[0].decode()
                name = f"{split}_{len(files):05d}"
                if keys.name is not None:
                    name = features[keys.name].bytes_list.value[0].decode()
                files.append(image)
                labels.append(label)
                names.append(name)
    except (tf.errors.OpError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{builder.name} in '{place}' is damaged ({type(error).__name__}: {reason}); delete "
            "that folder and prepare it again."
        ) from error
    return TfdsRecords(files, np.array(labels, np.int64), names, tuple(class_names))


def _examples(builder: tfds.core.DatasetBuilder, split: str) -> Iterator[tuple]:
    """Yields every image of a split, as a part of its shard where that is one, and its features."""
    import tensorflow as tf
    from tensorflow_datasets.core.file_adapters import ADAPTER_FOR_FORMAT, FileFormat

    kind = builder.info.file_format
    for path in map(Path, builder.info.splits[split].filepaths):
        start = 0
        for record in ADAPTER_FOR_FORMAT[kind].make_tf_data(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            image = features["image"].bytes_list.value[0]
            if kind == FileFormat.TFRECORD:
                at = start + BEFORE + record.index(image)
                yield FilePart(path, at, len(image)), features
                start += BEFORE + len(record) + AFTER
            else:
                yield image, features
