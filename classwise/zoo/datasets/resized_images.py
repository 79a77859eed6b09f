"""Images of a data set at the size that a model takes."""

from __future__ import annotations

import dataclasses

import numpy as np

from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.labeled_images import ImageSource, LabeledImages
from classwise.zoo.datasets.read_images import check_image_shape, fit_image


@dataclasses.dataclass(frozen=True, eq=False)
class ResizedImages:
    """Images resized on access, as `read_images` resizes those of a file.

    Args:
        images: uint8 `[N, H, W, C]`.
        image_shape: height, width and channels that they are brought to.
    """

    images: np.ndarray | ImageSource
    image_shape: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.images.shape[0], *self.image_shape)

    def __getitem__(self, key: np.ndarray | slice | int) -> np.ndarray:
        found = np.asarray(self.images[key])
        if found.ndim == 3:
            return fit_pixels(found, self.image_shape)
        return resize_pixels(found, self.image_shape)

    def select(self, indices: np.ndarray) -> ResizedImages:
        """Returns the images at `indices`, not yet resized."""
        in_memory = isinstance(self.images, np.ndarray)
        chosen = self.images[indices] if in_memory else self.images.select(indices)
        return dataclasses.replace(self, images=chosen)


def resize(images: LabeledImages, image_shape: tuple[int, int, int]) -> LabeledImages:
    """Returns the images at another size, or themselves where they have it.

    They are cut to the aspect ratio around their center and resized by antialiased bicubic
    interpolation, on access; gray becomes RGB, or RGB gray, where the channels differ.
    `EncodedImages` are read from their files at that size.

    Raises:
        InputError: `image_shape` is not (height, width, 1 or 3).
    """
    image_shape = check_image_shape(image_shape)
    if images.image_shape == image_shape:
        return images
    if isinstance(images.images, EncodedImages):
        return dataclasses.replace(images, images=images.images.at_size(image_shape))
    return dataclasses.replace(images, images=ResizedImages(images.images, image_shape))


def resizing(given: tuple[int, int, int], taken: tuple[int, int, int]) -> str:
    """Says in words which size images are brought to, for a note; nothing where they have it.

    Example:

    >>> resizing((32, 32, 3), (96, 96, 3))
    'images (32, 32, 3) resized to (96, 96, 3)'
    """
    return "" if tuple(given) == tuple(taken) else f"images {given} resized to {taken}"


def resizing_of(images: LabeledImages, taken: tuple[int, int, int]) -> str:
    """Says the same of labeled images; nothing of those that are read at any size."""
    any_size = isinstance(images.images, EncodedImages)
    return "" if any_size else resizing(images.image_shape, taken)


def resize_pixels(images: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Does to pixels, uint8 `[N, H, W, C]`, what `resize` does to labeled images."""
    if images.shape[1:] == tuple(image_shape):
        return images
    return np.stack([fit_pixels(image, image_shape) for image in images])


def fit_pixels(pixels: np.ndarray, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Returns one image, uint8 `[H, W, C]`, at the size and with the channels of `image_shape`."""
    from PIL import Image

    gray = pixels.shape[-1] == 1
    return fit_image(Image.fromarray(pixels.squeeze(-1) if gray else pixels), image_shape)
