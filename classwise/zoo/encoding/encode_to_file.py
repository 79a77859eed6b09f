"""Encoding of folders and data sets, batch by batch, into a file of codes."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.catalogue import DATA_SETS, get_data_set
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.read_images import check_image_shape
from classwise.zoo.datasets.resized_images import resize_pixels, resizing
from classwise.zoo.datasets.splits import stream_split
from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes, check_begun, part_folder
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file

Batches = Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class ImageStream:
    """Images that arrive in batches, and how many they are.

    Args:
        count: number of images.
        batches: returns a new iterator of (images, labels or None, names), given how many of the
            first images to leave out.
        identity: the same for the same images only.
        skipped: names of files left out because they could not be read.
        resizing: which size a data set's images are brought to, in words; empty where they have it.
    """

    count: int
    batches: Callable[[int], Batches]
    identity: str
    skipped: tuple[str, ...] = ()
    resizing: str = ""


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
        InputError: no such folder or data set, or an unreadable file.
    """
    name, colon, split = source.partition(":")
    if not Path(source).exists():
        if colon:
            return open_split(name, split, image_shape, batch_size, data_dir)
        if name in DATA_SETS:
            splits = " or ".join(f"{name}:{split}" for split in DATA_SETS[name].num_images)
            raise InputError(f"{name} is a data set of several splits; give {splits}.")
    images = load_folder(source, image_shape, skip_bad_files=skip_bad_files)

    def batches(first: int) -> Batches:
        for start in range(first, len(images), batch_size):
            part = slice(start, start + batch_size)
            labels = None if images.labels is None else images.labels[part]
            yield images.images[part], labels, images.ids[part]

    def ahead(first: int) -> Batches:
        return one_ahead(batches(first))

    files = ((Path(source) / name).stat() for name in images.ids)
    listing = [[str(i), f.st_size, f.st_mtime_ns] for i, f in zip(images.ids, files, strict=True)]
    identity = hashlib.sha256(repr(listing).encode()).hexdigest()
    return ImageStream(len(images), ahead, identity, images.skipped)


def open_split(
    name: str,
    split: str,
    image_shape: tuple[int, int, int],
    batch_size: int,
    data_dir: Path | None,
) -> ImageStream:
    """Opens a TFDS split, its images at the model's size; see `open_images`."""
    opened = stream_split(name, split, batch_size, data_dir)
    data_set, image_shape = get_data_set(name), check_image_shape(image_shape)
    count = data_set.num_images[split]

    def batches(first: int) -> Batches:
        for images, labels, names in opened.after(first):
            yield resize_pixels(images, image_shape), labels, names

    words = resizing(data_set.image_shape, image_shape)
    return ImageStream(count, batches, f"{name}:{split}, {count} images", resizing=words)


def one_ahead(batches: Batches) -> Batches:
    """Yields the same batches; the next one is decoded while its predecessor is in use."""
    with ThreadPoolExecutor(1) as thread:
        decoding = thread.submit(next, batches, None)
        while (batch := decoding.result()) is not None:
            decoding = thread.submit(next, batches, None)
            yield batch


def encode_to_file(
    encoder: Encoder,
    stream: ImageStream,
    path: str | os.PathLike,
    *,
    embeddings: bool = False,
    progress: Callable[[int], None] | None = None,
    save_seconds: float = 5.0,
) -> int:
    """Encodes a stream into an `.npz` file, holding a few batches of images at a time.

    The file has `codes` uint8 `[N, ceil(L / 8)]`, `names` str `[N]`, `code_length`, `labels`
    int64 `[N]` where they are known, and `embeddings` float32 `[N, L]` where asked for. It
    appears once all images are encoded. What is done before that lies in the folder `PATH.part`,
    and a run that was interrupted, or failed after some parts were finished, goes on from there.

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
        InputError: the name of the file does not end in .npz; an image is unreadable; the folder
            was begun with another model, other images or options, or is not of such a run; the
            model gives no embeddings.
        OSError: the file cannot be written.
    """
    path = Path(path)
    done = UnfinishedCodes(path, check_run(encoder, stream, path, embeddings), save_seconds)
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
    except BaseException as error:
        if not isinstance(error, Exception):
            done.flush()  # interrupted, so that everything done so far is right
        if not done.parts:
            done.remove()
        raise
    done.remove()
    return earlier


def check_run(
    encoder: Encoder, stream: ImageStream, path: Path, embeddings: bool
) -> dict[str, object]:
    """Returns what tells a run from others; raises `InputError` as `encode_to_file` does."""
    check_output(path)
    if embeddings and not encoder.has_embeddings:
        raise InputError("This model gives codes only; export it with its embedding output.")
    run = {"model": encoder.identity, "images": stream.identity, "embeddings": embeddings}
    check_begun(part_folder(path), run)
    return run


def check_output(path: Path) -> None:
    """Raises `InputError` unless codes can be written to `path`."""
    if path.suffix != ".npz":
        raise InputError(f"The output is {path}; its name must end in .npz.")
    if path.is_dir():
        raise InputError(f"The output {path} is a folder; name a file in it, such as codes.npz.")
