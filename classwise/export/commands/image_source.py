"""Images that a command's option names, loaded at the size of a model."""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets import image_sources


def load_images(source: str, image_shape: tuple[int, int, int], data_dir: Path | None = None):
    """Returns `LabelledImages` of that shape; see `image_sources.open_images`."""
    return image_sources.open_images(source, data_dir=data_dir).load(image_shape)


def evenly_chosen(images, count: int) -> np.ndarray:
    """Returns `count` of the images, or all if they are fewer, uint8 `[n, H, W, C]`."""
    chosen = image_sources.evenly_chosen(images, count)
    return np.asarray(chosen.images[np.arange(len(chosen))])
