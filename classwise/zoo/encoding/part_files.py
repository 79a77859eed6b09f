"""Parts of codes that a run has written so far: one file each, in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError


def images_in(parts: list[Path]) -> int:
    """Returns how many images parts are of; each must begin where its predecessor ends.

    Raises:
        InputError: one is missing, is at another place, or is damaged.
    """
    count = 0
    for number, part in enumerate(parts):
        found = read(part)
        if part.stem != f"{number:06d}" or found["first"] != count:
            raise InputError(
                f"{part.parent} is not whole: its part {number:06d} is missing, or another than "
                "the run wrote; delete the folder to start anew."
            )
        count += len(found["names"]) + len(found["skipped"])
    return count


def parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))


def read(part: Path) -> dict[str, np.ndarray]:
    """Returns the columns of a part, and the number `first` of the image that it begins with."""
    try:
        with np.load(part, allow_pickle=False) as arrays:
            return {**arrays} | {key: arrays[key] for key in ("first", "names", "skipped")}
    except Exception as error:  # NumPy lets errors of zip and of its own format through
        raise InputError(f"{part} is damaged; delete {part.parent} to start anew.") from error


def joined(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns the columns of several batches, each joined to one array."""
    return {
        name: np.concatenate([np.atleast_1d(batch[name]) for batch in batches])
        for name in batches[0]
    }
