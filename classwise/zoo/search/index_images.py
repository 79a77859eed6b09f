"""The images of a folder that an index is made of: which are new, and their codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_files import ImageFiles, find_images
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.search.index_encoder import IndexEncoder

BATCH_SIZE = 64


def files_of(
    root: Path,
    known: Callable[[str, tuple[int, int]], bool],
    skip_bad_files: bool,
    max_pixels: int | None,
) -> tuple[ImageFiles, dict[str, tuple[int, int]]]:
    """Returns the images of a folder, and the size and time of change of each.

    Only the headers of those are read that are not known by their name, size and time.

    Raises:
        InputError: no such folder, no image in it, or a broken one.
    """
    listed: dict[str, tuple[int, int]] = {}

    def is_known(name: str, status: os.stat_result | None) -> bool:
        if status is None:
            return False  # the check says what is wrong with it
        listed[name] = (status.st_size, status.st_mtime_ns)
        return known(name, listed[name])

    files = find_images(root, skip_bad_files=skip_bad_files, max_pixels=max_pixels, known=is_known)
    for name in set(files.names).difference(listed):  # there since then
        status = (root / name).stat()
        listed[name] = (status.st_size, status.st_mtime_ns)
    if not files.names:
        raise InputError(f"folder '{root}' holds no image.")
    return files, listed


def encode_new(
    encoder: IndexEncoder,
    images: FileSource,
    listed: dict[str, tuple[int, int]],
    picture: Callable[..., bytes],
    done: UnfinishedCodes,
    progress: Callable[[int], None],
) -> list[str]:
    """Encodes images into the parts of an unfinished run; returns the names of broken ones."""
    stream = images.stream(encoder.image_shape, BATCH_SIZE)
    broken: list[str] = []
    threads = ThreadPoolExecutor(cores())
    try:
        for pixels, _, names, skipped in stream.batches(0):
            broken += skipped.tolist()
            if len(names):
                paths = [images.files.root / name for name in names.tolist()]
                pictures = list(threads.map(partial(picture, max_pixels=images.max_pixels), paths))
                done.add(
                    {
                        "names": names,
                        "skipped": np.array([], str),
                        "files": np.array([listed[name] for name in names.tolist()], np.int64),
                        "thumbnails": np.frombuffer(b"".join(pictures), np.uint8),
                        "thumbnail_sizes": np.array([len(each) for each in pictures], np.int64),
                        **encoder.encode(pixels),
                    }
                )
            progress(len(names) + len(skipped))
    finally:
        threads.shutdown(cancel_futures=True)
        done.flush()
    return broken


def no_thumbnail(image: Path, max_pixels: int | None = None) -> bytes:
    """Returns nothing, for an index that keeps no thumbnails."""
    return b""
