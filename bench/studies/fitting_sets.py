"""Features of labeled photos, in files, and their halves: to choose on, and to judge on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

# Photos of a class in the small set of many kinds.
FEW = 30


@dataclasses.dataclass(frozen=True)
class PhotoSet:
    """A part of the photos of a file.

    Args:
        files: names of `.npz` files with `features` `[N, D]` and `labels` `[N]`, without ending.
        part: which photos of each, given their labels; bool `[N]`.
        words: what they are, for people.
        few: whether at most 30 photos a class are kept.
    """

    files: tuple[str, ...]
    part: Callable[[np.ndarray], np.ndarray]
    words: str
    few: bool = False

    def load(self, folder: Path) -> tuple[np.ndarray, np.ndarray]:
        """Returns features float32 `[N, D]` and labels int64 `[N]`."""
        features, labels = [], []
        for file in self.files:
            with np.load(folder / f"{file}.npz", allow_pickle=False) as arrays:
                # The file of the even classes of Flowers-102 holds no others.
                part = everything if file == TUNED else self.part
                kept = part(arrays["labels"])
                features.append(arrays["features"][kept].astype(np.float32))
                labels += [f"{file} {label}" for label in arrays["labels"][kept]]
        found, ids = np.concatenate(features), np.unique(labels, return_inverse=True)[1]
        if not self.few:
            return found, ids
        random = np.random.default_rng(3)
        rows = [random.permutation(np.flatnonzero(ids == label))[:FEW] for label in np.unique(ids)]
        rows = np.concatenate(rows)
        return found[rows], ids[rows]


def everything(labels: np.ndarray) -> np.ndarray:
    return np.ones(len(labels), bool)


def even_classes(labels: np.ndarray) -> np.ndarray:
    """Of the classes sorted by name, every second one from the first on."""
    return np.unique(labels, return_inverse=True)[1] % 2 == 0


def odd_classes(labels: np.ndarray) -> np.ndarray:
    return ~even_classes(labels)


def second_half(labels: np.ndarray) -> np.ndarray:
    """A random half of the photos, of every class some."""
    order = np.random.default_rng(0).permutation(len(labels))
    return order >= len(labels) // 2


CALTECH, FLOWERS, TUNED = "caltech_lite0_c", "flowers_report_lite0_c", "flowers_tune_lite0_c"
#: What figures are reported on. Nothing was chosen on any of them but the first, half of whose
#: classes were among those that choices were made on.
REPORTED = {
    "caltech101": PhotoSet((CALTECH,), everything, "Caltech-101, all 100 classes"),
    "caltech101-odd": PhotoSet((CALTECH,), odd_classes, "Caltech-101, every second class"),
    "flowers102-odd": PhotoSet((FLOWERS,), everything, "Flowers-102, every second class"),
    "ukbench-odd": PhotoSet(("ukbench_lite0_c",), odd_classes, "UKBench, every second object"),
    "clothing-half": PhotoSet(("clothing_lite0_c",), second_half, "clothing, half of the photos"),
}
#: What choices were made on.
TUNING = {
    "many-kinds": PhotoSet(
        (CALTECH, TUNED),
        even_classes,
        "30 photos of each even class of Caltech-101 and Flowers-102",
        few=True,
    ),
    "caltech101-even": PhotoSet((CALTECH,), even_classes, "Caltech-101, the other classes"),
}
