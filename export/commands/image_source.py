"""Images that a command's option names: a folder, or a TFDS split written `name:split`."""

from pathlib import Path

import numpy as np

from classwise.zoo.errors import InputError


def load_images(source: str, image_shape: tuple[int, int, int], data_dir: Path | None = None):
    """Returns `LabelledImages`; those of a folder are decoded when they are used.

    Raises:
        InputError: no such folder or data set, an unreadable file, or images of another size.
    """
    from classwise.zoo.datasets.image_folder import load_folder
    from classwise.zoo.datasets.tfds_images import load_split

    name, colon, split = source.partition(":")
    if not colon or Path(source).exists():
        return load_folder(source, image_shape)
    images = load_split(name, split, data_dir)
    if images.image_shape != tuple(image_shape):
        raise InputError(
            f"{source} has images of {images.image_shape}; this model takes {image_shape}."
        )
    return images


def evenly_chosen(images, count: int) -> np.ndarray:
    """Returns `count` of the images, or all if they are fewer, uint8 `[n, H, W, C]`."""
    chosen = np.linspace(0, len(images) - 1, min(count, len(images))).round().astype(int)
    return np.asarray(images.images[chosen])
