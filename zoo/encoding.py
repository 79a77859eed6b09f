"""Encoding of folders and data sets, batch by batch, into a file of codes."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.tfds_images import TFDS_IMAGE_SETS, stream_split
from classwise.zoo.encoders import Encoder
from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file
from classwise.zoo.unfinished_codes import UnfinishedCodes

Batches = Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class ImageStream:
    """Images that arrive in batches, and how many they are.

    Args:
        count: number of images.
        batches: returns an iterator of (images, labels or None, names), given how many of the
            first images to leave out.
        identity: the same for the same images only.
        skipped: names of files left out because they could not be read.
    """

    count: int
    batches: Callable[[int], Batches]
    identity: str
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
        return open_split(name, split, image_shape, batch_size, data_dir)
    images = load_folder(source, image_shape, skip_bad_files=skip_bad_files)

    def batches(first: int) -> Batches:
        for start in range(first, len(images), batch_size):
            part = slice(start, start + batch_size)
            labels = None if images.labels is None else images.labels[part]
            yield images.images[part], labels, images.ids[part]

    files = ((Path(source) / name).stat() for name in images.ids)
    listing = [[str(i), f.st_size, f.st_mtime_ns] for i, f in zip(images.ids, files, strict=True)]
    identity = hashlib.sha256(repr(listing).encode()).hexdigest()
    return ImageStream(len(images), batches, identity, images.skipped)


def open_split(
    name: str,
    split: str,
    image_shape: tuple[int, int, int],
    batch_size: int,
    data_dir: Path | None,
) -> ImageStream:
    """Opens a TFDS split; see `open_images`."""
    opened = stream_split(name, split, batch_size, data_dir)
    known = TFDS_IMAGE_SETS[name]
    if known.image_shape != tuple(image_shape):
        raise InputError(
            f"{name} has images of {known.image_shape}; this hasher takes {image_shape}."
        )

    def batches(first: int) -> Batches:
        position = 0
        for columns in opened:
            size = len(columns[0])
            if position + size > first:
                yield tuple(column[max(first - position, 0) :] for column in columns)
            position += size

    count = known.num_images[split]
    return ImageStream(count, batches, f"{name}:{split}, {count} images")


def encode_to_file(
    encoder: Encoder,
    stream: ImageStream,
    path: Path,
    *,
    embeddings: bool = False,
    progress: Callable[[int], None] | None = None,
    save_seconds: float = 5.0,
) -> int:
    """Encodes a stream into an `.npz` file, holding one batch of images at a time.

    The file has `codes` uint8 `[N, ceil(L / 8)]`, `names` str `[N]`, `code_length`, `labels`
    int64 `[N]` where they are known, and `embeddings` float32 `[N, L]` where asked for. It
    appears once all images are encoded. What is done before that lies in the folder `PATH.part`,
    and a run that was interrupted goes on from there.

    Args:
        encoder: from `open_encoder`.
        stream: from `open_images`.
        path: the file to write.
        embeddings: whether to keep embeddings too. Defaults to False.
        progress: called with the number of images of every batch encoded now.
        save_seconds: how much work an interruption may lose. Defaults to 5.

    Returns:
        How many images an earlier run had encoded.

    Raises:
        InputError: an image is unreadable; the folder was begun with another model, other images
            or options; the file was exported without embeddings.
        OSError: the file cannot be written; neither it nor the folder is left behind.
    """
    if embeddings and not encoder.has_embeddings:
        raise InputError("This model gives codes only; export it with its embedding output.")
    run = {
        "model": encoder.identity,
        "images": stream.identity,
        "embeddings": embeddings,
    }
    done = UnfinishedCodes(path, run, save_seconds)
    earlier = done.count
    try:
        for images, labels, names in stream.batches(earlier):
            batch = encoder.encode_batch(images) | {"names": names}
            if labels is not None:
                batch["labels"] = labels
            if not embeddings:
                batch.pop("embeddings", None)
            done.add(batch)
            if progress is not None:
                progress(len(images))
        with replacing_file(path) as temporary:
            arrays = done.columns() | {"code_length": np.array(encoder.code_length)}
            np.savez_compressed(temporary, **arrays)
    except Exception:
        done.remove()  # bad input or a full disk: nothing is left behind
        raise
    except BaseException:
        done.flush()  # interrupted: all that is done stays
        raise
    done.remove()
    return earlier
