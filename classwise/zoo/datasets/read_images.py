"""The one way from an image file to the pixels that a model takes."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image


def read_images(
    paths: Iterable[str | Path] | str | Path, image_shape: tuple[int, int, int]
) -> np.ndarray:
    """Reads image files as a model takes them: uint8 `[N, H, W, C]`.

    Each file is decoded by Pillow (the first frame of an animation), turned upright as its EXIF
    orientation says, laid on white where it is transparent, converted to RGB or to grey (ITU-R
    601), cut to the aspect ratio H:W around its centre, and resized to H x W by antialiased bicubic
    interpolation. 16-bit grey is divided by 257. A file that has the wanted size and mode keeps
    every pixel value. Colour profiles are ignored.

    Pillow 13 resizes some tall images in another order than older ones: pixels differ by one or two
    of 255, and a bit near its threshold may flip. Read a database and its queries with one version.

    Args:
        paths: image files; one path alone counts as a list of one.
        image_shape: height, width, channels (1 grey, 3 RGB), such as `hasher.image_shape`.

    Raises:
        InputError: a file that is missing, truncated, or not an image (it is named); an
            `image_shape` that is not three positive integers, the last one 1 or 3.

    Example:

    >>> read_images(["shoe.jpg", "bag.png"], (28, 28, 1)).shape  # doctest: +SKIP
    (2, 28, 28, 1)
    """
    image_shape = check_image_shape(image_shape)
    paths = [paths] if isinstance(paths, str | Path) else list(paths)
    images = np.empty((len(paths), *image_shape), np.uint8)
    for image, path in zip(images, paths, strict=True):
        image[:] = _read_image(path, image_shape)
    return images


def check_image_shape(image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Returns height, width and channels as integers, or raises `InputError`."""
    try:
        height, width, channels = map(operator.index, image_shape)
    except (TypeError, ValueError):
        height = width = channels = 0
    if height < 1 or width < 1 or channels not in (1, 3):
        raise InputError(
            f"image_shape is {image_shape!r}; give (height, width, channels) with channels 1 or 3."
        )
    return height, width, channels


def _read_image(path: str | Path, image_shape: tuple[int, int, int]) -> np.ndarray:
    from PIL import Image, ImageOps

    # Pillow's decoders raise many types on damaged files: OSError, SyntaxError, struct.error, ...
    try:
        with Image.open(path) as file:
            upright = ImageOps.exif_transpose(file)
            return fit_image(_opaque(_eight_bit(upright)), image_shape)
    except Exception as error:
        raise unreadable_image(path, error) from error


def fit_image(image: Image, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Returns an image at another size and with other channels, uint8 `[H, W, C]`.

    Args:
        image: opaque, of 8 bits a channel.
        image_shape: height, width, channels (1 or 3); see `read_images`.
    """
    from PIL import Image, ImageOps

    height, width, channels = image_shape
    image = image.convert("RGB" if channels == 3 else "L")
    fitted = ImageOps.fit(image, (width, height), method=Image.Resampling.BICUBIC)
    return np.asarray(fitted).reshape(image_shape)


def unreadable_image(path: str | Path, error: Exception) -> InputError:
    """Returns the error for a file that Pillow cannot read, whatever Pillow raised."""
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        reason = "it is not an image"
    else:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return InputError(f"'{path}' cannot be read as an image: {reason}; replace it or leave it out.")


def _eight_bit(image: Image) -> Image:
    from PIL import Image

    if image.mode == "F":
        raise ValueError("it holds floating-point pixels, whose range is unknown")
    if not image.mode.startswith("I"):
        return image
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError("it holds pixels of more than 16 bits")
    return Image.fromarray(np.round(pixels / 257).astype(np.uint8))


def _opaque(image: Image) -> Image:
    from PIL import Image

    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
