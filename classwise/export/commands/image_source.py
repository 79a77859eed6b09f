"""Images that a command's option names: a folder, or a TFDS split written `name:split`."""

from pathlib import Path

import numpy as np


def load_images(source: str, image_shape: tuple[int, int, int], data_dir: Path | None = None):
    """Returns `LabelledImages` of that shape; a folder's are decoded when they are used.

    Raises:
        InputError: no such folder or data set, or an unreadable file.
    """
    from classwise.zoo.datasets.image_folder import load_folder
    from classwise.zoo.datasets.resized_images import resize
    from classwise.zoo.datasets.splits import load_split

    name, colon, split = source.partition(":")
    if not colon or Path(source).exists():
        return load_folder(source, image_shape)
    return resize(load_split(name, split, data_dir), image_shape)


def evenly_chosen(images, count: int) -> np.ndarray:
    """Returns `count` of the images, or all if they are fewer, uint8 `[n, H, W, C]`."""
    return np.asarray(images.images[even_positions(len(images), count)])


def even_positions(total: int, count: int) -> np.ndarray:
    """Returns `count` positions spread evenly over `total`, or all if they are fewer."""
    return np.linspace(0, total - 1, min(count, total)).round().astype(int)
