"""The rankings of some queries by Hamming distance, as metrics of codes take them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from classwise.zoo.retrieval.hits import hits_at, precision_recall_by_radius
from classwise.zoo.retrieval.tie_groups import TieGroups

DIVISORS = ("min", "hits")


@dataclass(frozen=True)
class CodeRanking:
    """What Q queries, each with a relevant item in the database, rank at each distance.

    Args:
        items: items at each distance, `[Q, L + 1]`.
        at_least: those with at least 1, 2, ... labels in common, `[G, Q, L + 1]`; with class ids,
            G is 1.
        divisor: of AP@K, "min" or "hits".
    """

    items: np.ndarray
    at_least: np.ndarray
    divisor: str = "min"
    _of_cut_off: dict = field(default_factory=dict, repr=False)

    @functools.cached_property
    def groups(self) -> TieGroups:
        """The tie groups with binary relevance: at least one label in common."""
        return TieGroups.from_counts(self.items, self.at_least[0])

    @functools.cached_property
    def balls(self) -> tuple[np.ndarray, np.ndarray]:
        """Precision and recall within every radius, `[Q, L + 1]` each."""
        return precision_recall_by_radius(self.groups)

    def head(self, k: int) -> TieGroups:
        """The tie groups that reach into the first k ranks."""
        return self._once("head", k, lambda: self.groups.head(k))

    def hits(self, k: int) -> np.ndarray:
        """Relevant items among the first k, `[3, Q]`: expected, worst and best order."""
        return self._once("hits", k, lambda: hits_at(self.head(k), k))

    def _once(self, what: str, k: int, compute: Callable[[], Any]) -> Any:
        # Metrics with the same cut-off share these.
        if (what, k) not in self._of_cut_off:
            self._of_cut_off[what, k] = compute()
        return self._of_cut_off[what, k]
