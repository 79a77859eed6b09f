"""Images that arrive in batches, decoded on all cores while earlier ones are in use."""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from classwise.zoo.datasets.image_files import refused
from classwise.zoo.datasets.labeled_images import ImageSource
from classwise.zoo.datasets.open_image import UnreadableImage

BATCHES_AHEAD = 2
# So few images a task that no core waits long for the end of a batch.
IMAGES_A_TASK = 8


class Batch(NamedTuple):
    """Images uint8 `[b, H, W, C]`, labels int64 `[b]` or None, names str `[b]`.

    `skipped` names the images of the batch that were broken and left out; they are in none of the
    other fields.
    """

    images: np.ndarray
    labels: np.ndarray | None
    names: np.ndarray
    skipped: np.ndarray = np.array([], str)


@dataclasses.dataclass(frozen=True)
class ImageStream:
    """Images in batches, and how many they are.

    Args:
        count: number of images, those that will be skipped among them.
        batches: returns a new iterator of batches, given how many of the first images to leave
            out.
        identity: the same for the same images only.
        class_names: of the labels; empty where there are none.
        resizing: which size a data set's images are brought to, in words; empty where they have it.
        check_unchanged: raises `InputError` where an image is another one than at the start.
    """

    count: int
    batches: Callable[[int], Iterator[Batch]]
    identity: str
    class_names: tuple[str, ...] = ()
    resizing: str = ""
    check_unchanged: Callable[[], None] = lambda: None


def cores() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decoded_batches(
    read: Callable[[int], np.ndarray],
    first: int,
    count: int,
    batch_size: int,
    skip_bad_files: bool,
    threads: int | None = None,
) -> Iterator[tuple[range, np.ndarray, list[int]]]:
    """Yields batches of images that are read one by one, on several threads.

    Args:
        read: decodes the image at a position; Pillow lets other threads run meanwhile.
        first, count: positions from `first` to `count` are read.
        batch_size: images a batch.
        skip_bad_files: leave out images for which `read` raises `UnreadableImage`.
        threads: how many. Defaults to as many as there are cores.

    Yields:
        positions, images uint8 `[b, H, W, C]` of those that could be read, and the positions of
        the others.
    """

    def task(positions: range) -> list[np.ndarray | None]:
        images: list[np.ndarray | None] = []
        for position in positions:
            try:
                images.append(read(position))
            except UnreadableImage as error:
                if not skip_bad_files:
                    raise refused(error) from error
                images.append(None)
        return images

    waiting: deque[tuple[range, list[Future]]] = deque()
    pool = ThreadPoolExecutor(threads or cores())
    try:
        for start in range(first, count, batch_size):
            batch = range(start, min(start + batch_size, count))
            steps = range(0, len(batch), IMAGES_A_TASK)
            tasks = [pool.submit(task, batch[s : s + IMAGES_A_TASK]) for s in steps]
            waiting.append((batch, tasks))
            if len(waiting) > BATCHES_AHEAD:
                yield _joined(*waiting.popleft())
        while waiting:
            yield _joined(*waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def batches_of(images: np.ndarray | ImageSource, batch_size: int) -> Iterator[np.ndarray]:
    """Yields images in batches, uint8 `[b, H, W, C]`; those that are decoded, on all cores."""
    if isinstance(images, np.ndarray):
        for start in range(0, len(images), batch_size):
            yield images[start : start + batch_size]
        return
    for _, pixels, _ in decoded_batches(
        images.__getitem__, 0, images.shape[0], batch_size, skip_bad_files=False
    ):
        yield pixels


def _joined(batch: range, tasks: list[Future]) -> tuple[range, np.ndarray, list[int]]:
    images = [image for task in tasks for image in task.result()]
    bad = [position for position, image in zip(batch, images, strict=True) if image is None]
    whole = [image for image in images if image is not None]
    return batch, np.stack(whole) if whole else np.empty((0,), np.uint8), bad
