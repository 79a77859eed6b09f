"""The ranking of one query as tie groups: all items at one distance, in unknown order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TieGroups:
    """Counts by Hamming distance for Q queries, float64 `[Q, L + 1]` each.

    Args:
        items: items at each distance.
        relevant: those of them that are relevant.
        items_before, relevant_before: the same counts over all smaller distances.
        total_relevant: relevant items in the whole database, `[Q]`.
    """

    items: np.ndarray
    relevant: np.ndarray
    items_before: np.ndarray
    relevant_before: np.ndarray
    total_relevant: np.ndarray

    @classmethod
    def from_counts(cls, items: np.ndarray, relevant: np.ndarray) -> "TieGroups":
        """Builds the groups from the two histograms."""
        items_before = np.cumsum(items, axis=1) - items
        relevant_before = np.cumsum(relevant, axis=1) - relevant
        return cls(items, relevant, items_before, relevant_before, relevant.sum(axis=1))

    def head(self, k: int) -> "TieGroups":
        """The distances at which any query has an item that can rank among its first k."""
        near = np.count_nonzero((self.items_before < k).any(axis=0))
        return self._of_groups(lambda counts: counts[:, :near])

    def taken(self, k: int | np.ndarray | None) -> np.ndarray:
        """How many items of each group rank among the first k (all without k), `[Q, L + 1]`."""
        if k is None:
            return self.items
        return np.clip(np.expand_dims(k, -1) - self.items_before, 0, self.items)

    def cut(self, k: int) -> "TieGroups":
        """The one group of each query that holds rank k, `[Q]`; 1 <= k <= database size."""
        # Empty groups start where the next one starts, so the last start before k isn't empty.
        group = np.count_nonzero(self.items_before < k, axis=1)[:, None] - 1
        return self._of_groups(lambda counts: np.take_along_axis(counts, group, axis=1)[:, 0])

    def _of_groups(self, choose: Callable[[np.ndarray], np.ndarray]) -> "TieGroups":
        """Returns some of the groups, with the totals of all of them."""
        return TieGroups(
            choose(self.items),
            choose(self.relevant),
            choose(self.items_before),
            choose(self.relevant_before),
            self.total_relevant,
        )
