"""Options by which a command takes images: which of them, their labels, and what to let through."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.commands.photo_options import add_photo_options
from classwise.zoo.foundation.printing import counted, print_note

if TYPE_CHECKING:
    import numpy as np

    from classwise.zoo.datasets.image_sources import OpenedImages

IMAGES = (
    "a folder of images, at any depth; images; a list of them (.txt, a path a line); Parquet "
    "with the bytes of images; or a data set's split, name:split"
)
SHOWN = 10


def add_image_options(parser: argparse.ArgumentParser, class_names: bool = True) -> None:
    """Adds what `opened` reads, but for the images themselves.

    Args:
        parser: of the command.
        class_names: whether its images may have labels.
    """
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    add_photo_options(parser)
    if not class_names:
        parser.set_defaults(class_names=None)
        return
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FROM",
        help="number classes as this folder of classes, file of codes, or text file does",
    )


def opened(options: argparse.Namespace, images, *, labeled: bool) -> OpenedImages:
    """Returns the images that a command was given, checked before anything heavy is loaded."""
    from classwise.zoo.datasets.image_classes import read_class_names
    from classwise.zoo.datasets.image_sources import open_images

    named = options.class_names is not None and labeled
    return open_images(
        images,
        labeled=labeled,
        class_names=read_class_names(options.class_names) if named else None,
        skip_bad_files=options.skip_bad_files,
        max_pixels=options.max_pixels,
        data_dir=options.data_dir,
    )


def note_others(names: tuple[str, ...]) -> None:
    """Says in one line how many files were no images."""
    if names:
        be = "is no image" if len(names) == 1 else "are no images"
        first = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        print_note(f"{counted(len(names), 'file')} left out that {be}: {first}")


def note_skipped(names: tuple[str, ...]) -> None:
    """Names the broken images that were left out, or the first of them."""
    for name in names[:SHOWN]:
        print_note(f"skipped {name}: not a readable image")
    if len(names) > SHOWN:
        print_note(f"... and {counted(len(names) - SHOWN, 'image')} more")


def note_foreign(model: str, scores: np.ndarray | None) -> dict | None:
    """Says in one sentence where more images than chance explains look foreign to a preset.

    Args:
        model: its name.
        scores: how foreign every image looks to it; None where that cannot be told.

    Returns:
        for machines, how many images there were, how many look foreign, and the sentence.
    """
    if scores is None:
        return None
    from classwise.zoo.presets.foreign import foreign_sentence
    from classwise.zoo.presets.registry import get_preset

    sentence = foreign_sentence(model, scores)
    if sentence:
        print_note(sentence)
    found = int((scores > get_preset(model).foreign["threshold"]).sum())
    return {"images": len(scores), "found": found, "sentence": sentence or None}
