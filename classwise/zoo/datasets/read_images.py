"""The one way from an image to the pixels that a model takes."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import numpy as np

from classwise.zoo.datasets.open_image import is_single, opened_image
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

    from classwise.zoo.datasets.open_image import Source

ORIENTATION = 0x0112
# What Pillow leaves in the units of a file whose pixels it brings to 8 bits, by its raw mode.
TRANSPARENT_VALUE = {
    "L;2": lambda value: 85 * value,
    "L;4": lambda value: 17 * value,
    "RGB;16B": lambda values: tuple(value >> 8 for value in values),
}


def read_images(
    images: Iterable[Source] | Source,
    image_shape: tuple[int, int, int],
    *,
    max_pixels: int | None = None,
) -> np.ndarray:
    """Reads images as a model takes them: uint8 `[N, H, W, C]`.

    Each is decoded by Pillow (the first frame of an animation; HEIC with pillow-heif), turned
    upright as its EXIF orientation says (one that cannot be parsed says nothing), laid on white
    where it is transparent, converted to RGB or to gray (ITU-R 601), cut to the aspect ratio H:W
    around its center, and resized to H x W by antialiased bicubic interpolation. 16-bit gray is
    divided by 257. An image that has the wanted size and mode keeps every pixel value. Color
    profiles are ignored.

    Pillow 13 resizes some tall images in another order than older ones: pixels differ by one or two
    of 255, and a bit near its threshold may flip. Read a database and its queries with one version.

    Args:
        images: paths, bytes of files, binary file objects or PIL images; one alone counts as a
            list of one.
        image_shape: height, width, channels (1 gray, 3 RGB), such as `hasher.image_shape`.
        max_pixels: width times height that is let through, against files made to fill the memory.
            Defaults to Pillow's limit, 179 million.

    Raises:
        UnreadableImage: an image is truncated, or is none (it is named).
        InputError: a file is missing; a URL; an `image_shape` that is not three positive integers,
            the last one 1 or 3.

    Example:

    >>> read_images(["shoe.jpg", "bag.png"], (28, 28, 1)).shape  # doctest: +SKIP
    (2, 28, 28, 1)
    """
    image_shape = check_image_shape(image_shape)
    check_max_pixels(max_pixels)
    sources = list(cast("Iterable[Source]", [images] if is_single(images) else images))
    pixels = np.empty((len(sources), *image_shape), np.uint8)
    for row, source in zip(pixels, sources, strict=True):
        with opened_image(source, max_pixels) as image:
            row[:] = prepare(image, image_shape)
    return pixels


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


def check_max_pixels(max_pixels: int | None) -> None:
    """Raises `InputError` unless it is None, or an integer from 1."""
    if max_pixels is not None and (not isinstance(max_pixels, int) or max_pixels < 1):
        raise InputError(f"max_pixels is {max_pixels!r}; it must be an integer from 1.")


def prepare(image: Image, image_shape: tuple[int, int, int]) -> np.ndarray:
    """Returns an opened image as a model takes it, uint8 `[H, W, C]`; see `read_images`."""
    return fit_image(as_shown(image), image_shape)


def as_shown(image: Image) -> Image:
    """Returns an opened image as people see it: upright, opaque, of 8 bits a channel."""
    transparent = image.info.get("transparency")
    tile = getattr(image, "tile", None)
    rawmode = tile[0][3] if tile else ""
    if isinstance(rawmode, tuple):
        rawmode = rawmode[0] if rawmode else ""
    if transparent is not None and rawmode in TRANSPARENT_VALUE:
        image.info["transparency"] = TRANSPARENT_VALUE[rawmode](transparent)
    return _opaque(_eight_bit(_upright(image)))


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


def _upright(image: Image) -> Image:
    """Turns the pixels as the orientation says; `ImageOps.exif_transpose` writes all tags anew.

    That fails on side tags which no writer would accept, and they are none of our business.
    """
    from PIL import Image

    turns = Image.Transpose
    ways = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # SyntaxError, struct.error, ...: what cannot be parsed says nothing
        orientation = None
    way = ways.get(orientation) if isinstance(orientation, int) else None
    return image if way is None else image.transpose(way)


def _eight_bit(image: Image) -> Image:
    """Returns gray of 16 bits as gray of 8 bits, white where it is transparent."""
    from PIL import Image

    if image.mode == "F":
        raise ValueError("it holds floating-point pixels, whose range is unknown")
    if not image.mode.startswith("I"):
        return image
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise ValueError("it holds pixels of more than 16 bits")
    gray = np.round(pixels / 257).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        gray[pixels == transparent] = 255
    return Image.fromarray(gray)


def _opaque(image: Image) -> Image:
    from PIL import Image

    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
