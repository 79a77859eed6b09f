"""Small pictures of images, for pages and sheets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from classwise.zoo.datasets.open_image import opened_image
from classwise.zoo.datasets.read_images import as_shown

if TYPE_CHECKING:
    from classwise.zoo.datasets.open_image import Source

SIDE, QUALITY = 256, 80


def thumbnail(image: Source, side: int = SIDE, max_pixels: int | None = None) -> bytes:
    """Returns a small picture of an image, whole and upright, as a JPEG file.

    Args:
        image: as of `read_images`.
        side: pixels of the longer side. Defaults to 256.
        max_pixels: see `read_images`.

    Raises:
        InputError: it cannot be read.
    """
    from PIL import Image

    with opened_image(image, max_pixels) as opened:
        opened.draft("RGB", (2 * side, 2 * side))  # decodes a JPEG at a fraction of its size
        shown = as_shown(opened).convert("RGB")
    shown.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
