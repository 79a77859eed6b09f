"""Database items stacked two by two, so that one look-up counts both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ItemStacks:
    """Stacks of items with the same labels and the same count, ordered by label.

    Args:
        codes: uint8 `[S, size, bytes]`.
        labels: int64 `[S]`, or uint8 `[S, C]`.
        counts: float64 `[S]`, how many database items each item of the stack stands for.
    """

    codes: np.ndarray
    labels: np.ndarray
    counts: np.ndarray

    @classmethod
    def pile(
        cls, codes: np.ndarray, labels: np.ndarray, counts: np.ndarray, size: int
    ) -> ItemStacks:
        """Piles up items that are ordered by label; `size` is 1 or 2.

        An item left without a partner becomes both items of its stack, at half its count.
        """
        if size == 1:
            return cls(codes[:, None], labels, counts.astype(np.float64))
        changes = labels[1:] != labels[:-1]
        starts = np.append(True, changes if labels.ndim == 1 else changes.any(axis=1))
        order = np.lexsort((counts, np.cumsum(starts)))
        starts |= np.append(True, np.diff(counts[order]) != 0)
        places = np.arange(len(order))
        places_in_run = places - np.maximum.accumulate(np.where(starts, places, 0))
        lower = np.flatnonzero(places_in_run % 2 == 0)
        upper = np.append(lower[1:], len(order)) - 1  # `lower` itself, where it has no partner
        counts = counts[order][lower] / np.where(upper == lower, 2, 1)
        return cls(codes[order[[lower, upper]].T], labels[order][lower], counts)

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, rows: slice) -> ItemStacks:
        return ItemStacks(self.codes[rows], self.labels[rows], self.counts[rows])
