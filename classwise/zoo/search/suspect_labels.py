"""Labels that may be wrong: photos whose codes lie with another class."""

from __future__ import annotations

import dataclasses

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.hamming_distances import hamming_distances
from classwise.zoo.search.index import Index


@dataclasses.dataclass(frozen=True)
class SuspectLabel:
    """A photo whose code is nearer to another class's center than to its own class's.

    Args:
        name: of the photo.
        class_name: of the folder that it lies in.
        nearest_class: whose center is nearest.
        own_distance, nearest_distance: bits to the two centers.
    """

    name: str
    class_name: str
    nearest_class: str
    own_distance: int
    nearest_distance: int


def suspect_labels(index: Index, count: int = 100) -> list[SuspectLabel]:
    """Finds photos whose codes lie with another class, those farthest on its side first.

    Formula: a class's center has, in each bit, what most of its codes have.

    Args:
        index: with classes.
        count: photos at most. Defaults to 100.

    Raises:
        InputError: the index has no classes.
    """
    names, length = index.facts.class_names, index.facts.code_length
    if not names:
        raise InputError(
            f"{index.path} keeps no classes; index again with --labels folders (labeled=True)."
        )
    labels = np.asarray(index.columns.labels)
    present = np.unique(labels)
    bits = [np.unpackbits(index.columns.codes[labels == label], axis=1) for label in present]
    centers = np.packbits([2 * rows.sum(axis=0) > len(rows) for rows in bits], axis=1)
    apart = hamming_distances(index.columns.codes, centers, length)
    rows = np.arange(len(labels))
    own = apart[rows, np.searchsorted(present, labels)]
    nearest = apart.argmin(axis=1)
    margin = own - apart[rows, nearest]
    worst = np.lexsort((rows, -margin))[:count]
    return [
        SuspectLabel(
            index.columns.name(row),
            names[labels[row]],
            names[present[nearest[row]]],
            int(own[row]),
            int(apart[row, nearest[row]]),
        )
        for row in worst.tolist()
        if margin[row] > 0
    ]
