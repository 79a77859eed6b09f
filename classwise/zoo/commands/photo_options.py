"""Options of the commands that read people's photos and keep or show what they find."""

from __future__ import annotations

import argparse

from classwise.zoo.foundation.number_ranges import PIXELS


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Adds what is let through: broken images, and large ones."""
    parser.add_argument("--skip-bad-files", action="store_true", help="leave broken images out")
    parser.add_argument(
        "--max-pixels",
        type=PIXELS.parse,
        metavar="N",
        help="largest width times height of an image (default: Pillow's limit, 179 million)",
    )
