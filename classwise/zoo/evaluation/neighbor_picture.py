"""A picture of some labeled images beside those whose codes are nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.evaluation.report.figures import neighbor_sheet
from classwise.zoo.retrieval.neighbors import nearest_neighbors

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def neighbor_picture(
    images: LabeledImages, codes: np.ndarray, shown: np.ndarray, database: np.ndarray, count: int
) -> Figure:
    """Draws images beside those of a database whose codes are nearest.

    Args:
        images: with labels, as decoded.
        codes: packed codes of all of them, uint8 `[N, B]`.
        shown, database: positions of those that ask, and of those that answer.
        count: neighbors of each.
    """
    found, distances = nearest_neighbors(codes[shown], codes[database], count)
    return neighbor_sheet(
        images.images[shown],
        images.labels[shown],
        images.images[database[found]],
        images.labels[database[found]],
        distances,
        images.class_names,
    )


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Returns bool `[N]`, true for the first `count` items of every class.

    Example:

    >>> first_of_each_class(np.array([1, 0, 1, 1]), 2).tolist()
    [True, True, True, False]
    """
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[:count]] = True
    return chosen
