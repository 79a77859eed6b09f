"""Hashes of how a photo looks, which its copies share, whatever a class-wise code says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.open_image import opened_image
from classwise.zoo.datasets.read_images import as_shown
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    from classwise.zoo.datasets.open_image import Source

# What is cut off at the left, the top, the right and the bottom: a small crop of a photo looks
# like one of these, and every photo is compared with all of them.
WHOLE = (0.0, 0.0, 0.0, 0.0)
CROPS = (
    WHOLE,
    (0.03, 0.03, 0.03, 0.03),
    (0.06, 0.06, 0.06, 0.06),
    (0.05, 0.05, 0.0, 0.0),
    (0.0, 0.05, 0.05, 0.0),
    (0.05, 0.0, 0.0, 0.05),
    (0.0, 0.0, 0.05, 0.05),
    (0.05, 0.0, 0.0, 0.0),
    (0.0, 0.05, 0.0, 0.0),
    (0.0, 0.0, 0.05, 0.0),
    (0.0, 0.0, 0.0, 0.05),
)
# Frequencies along one side, of a hash that is searched, and of one that has the last word.
COARSE, FINE = 8, 16
# Pixels of the small gray picture that crops are cut from; JPEG files are decoded near it.
SIDE, DECODED = 128, 256


def coarse_hashes(
    photo: Source, max_pixels: int | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Computes hashes of 64 bits, which are searched, of a photo and of its crops.

    They are imagehash's `phash`: the signs of the lowest frequencies of a cosine transform, against
    their median. The photo is taken upright and gray.

    Args:
        photo: as of `read_images`.
        max_pixels: see `read_images`.

    Returns:
        uint8 `[crops, 8]`, that of the whole photo first; and its width and height in pixels.

    Raises:
        InputError: it cannot be read, or imagehash is not installed.

    Reference: Zauner, Implementation and benchmarking of perceptual image hash functions, 2010.
    """
    return _hashes(photo, COARSE, max_pixels)


def fine_hashes(photo: Source, max_pixels: int | None = None) -> np.ndarray:
    """Computes hashes of 256 bits, which have the last word, uint8 `[crops, 32]`; as above."""
    return _hashes(photo, FINE, max_pixels)[0]


def _hashes(
    photo: Source, frequencies: int, max_pixels: int | None
) -> tuple[np.ndarray, tuple[int, int]]:
    from PIL import Image

    imagehash = require("imagehash", "search")
    with opened_image(photo, max_pixels) as opened:
        size = opened.size
        opened.draft("L", (DECODED, DECODED))
        gray = as_shown(opened).convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    side = 4 * frequencies  # as imagehash takes it
    rows = []
    for left, top, right, bottom in CROPS:
        box = (SIDE * left, SIDE * top, SIDE * (1 - right), SIDE * (1 - bottom))
        pixels = gray.resize((side, side), Image.Resampling.LANCZOS, box=box)
        rows.append(np.packbits(imagehash.phash(pixels, hash_size=frequencies).hash))
    return np.stack(rows), size
