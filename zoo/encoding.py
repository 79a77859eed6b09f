"""Encoding of folders and data sets, batch by batch."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.codes import pack_codes
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.tfds_images import TFDS_IMAGE_SETS, stream_split
from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file
from classwise.zoo.hasher import Hasher

Batches = Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class ImageStream:
    """Images that arrive in batches (images, labels or None, names), and how many they are."""

    count: int
    batches: Batches
    skipped: tuple[str, ...] = ()


def open_images(
    source: str,
    image_shape: tuple[int, int, int],
    *,
    batch_size: int = 256,
    data_dir: Path | None = None,
    skip_bad_files: bool = False,
) -> ImageStream:
    """Opens a folder of images, or a TFDS split written `name:split`.

    Raises:
        InputError: no such folder or data set, images of another size, an unreadable file.
    """
    name, colon, split = source.partition(":")
    if colon and not Path(source).exists():
        batches = stream_split(name, split, batch_size, data_dir)
        known = TFDS_IMAGE_SETS[name]
        if known.image_shape != tuple(image_shape):
            raise InputError(
                f"{name} has images of {known.image_shape}; this hasher takes {image_shape}."
            )
        return ImageStream(known.num_images[split], batches)
    images = load_folder(source, image_shape, skip_bad_files=skip_bad_files)

    def folder_batches() -> Batches:
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            labels = None if images.labels is None else images.labels[part]
            yield images.images[part], labels, images.ids[part]

    return ImageStream(len(images), folder_batches(), images.skipped)


def encode_stream(
    hasher: Hasher,
    stream: ImageStream,
    *,
    embeddings: bool = False,
    progress: Callable[[int], None] | None = None,
) -> dict[str, np.ndarray]:
    """Encodes a stream, holding one batch of images at a time.

    Args:
        hasher: the model.
        stream: the images.
        embeddings: whether to keep embeddings too. Defaults to False.
        progress: called with the number of images of every batch done.

    Returns:
        `codes` uint8 `[N, ceil(L / 8)]`, `names` str `[N]`, `code_length`, `labels` int64 `[N]` if
        known, `embeddings` float32 `[N, L]` if asked for.
    """
    columns: dict[str, list[np.ndarray]] = {}
    for images, labels, names in stream.batches:
        computed = np.asarray(hasher.predict_on_batch(images))
        batch = {"codes": pack_codes(computed), "names": names}
        if labels is not None:
            batch["labels"] = labels
        if embeddings:
            batch["embeddings"] = computed
        for key, value in batch.items():
            columns.setdefault(key, []).append(value)
        if progress is not None:
            progress(len(images))
    arrays = {key: np.concatenate(parts) for key, parts in columns.items()}
    return {**arrays, "code_length": np.array(hasher.code_length)}


def save_codes(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes encoded images as an `.npz` file, whole or not at all."""
    with replacing_file(path) as temporary:
        np.savez_compressed(temporary, **arrays)
