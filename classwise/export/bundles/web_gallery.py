"""The gallery of a web bundle: which images, and their files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.datasets.image_sources import evenly_chosen, open_images
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.datasets.sample import sample_of_shape

if TYPE_CHECKING:
    import os

MAX_IMAGES = 2000


def open_gallery(
    gallery: LabeledImages | str | os.PathLike | None, image_shape: tuple[int, int, int]
) -> LabeledImages:
    """Returns the images to rank; of more than 2,000, as many at even steps.

    Args:
        gallery: what `open_images` takes, such as a folder, whose sub-folders are classes where
            every image lies in one; images that are loaded; or None for a bundled sample:
            photographs of clothes, or Fashion-MNIST for hashers of its size.
        image_shape: what the hasher takes.

    Raises:
        InputError: a folder cannot be read.

    Example:

    >>> open_gallery(None, (128, 128, 3))
    LabeledImages(clothing:folder, 200 images (128, 128, 3), 10 classes)
    """
    if gallery is None:
        images = sample_of_shape(image_shape)
    elif isinstance(gallery, LabeledImages):
        images = resize(gallery, image_shape)
    else:
        images = open_images(gallery, labeled=None).load(image_shape)
    return evenly_chosen(images, MAX_IMAGES)


def write_thumbnails(folder: Path, images: LabeledImages) -> None:
    """Writes every image as PNG, which keeps each pixel, so that its code stays the same."""
    from PIL import Image

    folder.mkdir()
    for row in range(len(images)):
        # Pillow takes gray images without an axis for the one channel.
        pixels = images.images[row]
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(
            folder / f"{row:05}.png"
        )
