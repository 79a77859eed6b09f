"""The ranking of one query as tie groups: all items at one distance, in unknown order."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TieGroups:
    """Counts by Hamming distance for Q queries, float64 `[Q, L + 1]` each.

    Args:
        items: items at each distance.
        relevant: those of them that are relevant.
        items_before, relevant_before: the same counts over all smaller distances.
    """

    items: np.ndarray
    relevant: np.ndarray
    items_before: np.ndarray
    relevant_before: np.ndarray

    @classmethod
    def from_counts(cls, items: np.ndarray, relevant: np.ndarray) -> "TieGroups":
        """Builds the groups from the two histograms."""
        before = (np.cumsum(counts, axis=1) - counts for counts in (items, relevant))
        return cls(items, relevant, *before)

    @property
    def total_relevant(self) -> np.ndarray:
        """Relevant items in the whole database, `[Q]`."""
        return self.relevant_before[:, -1] + self.relevant[:, -1]

    def taken(self, k: int | None) -> np.ndarray:
        """How many items of each group rank among the first k (all without k), `[Q, L + 1]`."""
        return self.items if k is None else np.clip(k - self.items_before, 0, self.items)

    def cut(self, k: int) -> "TieGroups":
        """The one group of each query that holds rank k, `[Q]`; 1 <= k <= database size."""
        # Empty groups start where the next one starts, so the last start before k isn't empty.
        group = np.count_nonzero(self.items_before < k, axis=1)[:, None] - 1
        fields = (self.items, self.relevant, self.items_before, self.relevant_before)
        return TieGroups(*(np.take_along_axis(field, group, axis=1)[:, 0] for field in fields))
