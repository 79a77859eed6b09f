"""A picture of some labelled images beside those whose codes are nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.labelled_images import LabelledImages
from classwise.zoo.evaluation.report.figures import neighbour_sheet
from classwise.zoo.retrieval.neighbours import nearest_neighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def neighbour_picture(
    images: LabelledImages, codes: np.ndarray, shown: np.ndarray, database: np.ndarray, count: int
) -> Figure:
    """Draws images beside those of a database whose codes are nearest.

    Args:
        images: with labels, as decoded.
        codes: packed codes of all of them, uint8 `[N, B]`.
        shown, database: positions of those that ask, and of those that answer.
        count: neighbours of each.
    """
    found, distances = nearest_neighbours(codes[shown], codes[database], count)
    return neighbour_sheet(
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
