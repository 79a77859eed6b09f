"""Exact nearest codes, where equal codes are looked at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.inputs import check_codes


class Neighbors(NamedTuple):
    """What one search found, for each query: items and their Hamming distances, nearest first.

    Args:
        items, distances: int64 `[n]` each, one pair a query.
    """

    items: list[np.ndarray]
    distances: list[np.ndarray]


class CodeGroups:
    """Packed codes, equal ones grouped, that are searched exactly by faiss.

    Codes of a class-wise hasher collapse onto few distinct values, and a search costs what the
    distinct ones cost. The order of what is found is (distance, group, item), where a group is
    numbered by its first item: with all codes distinct, that is (distance, item).

    Args:
        codes: uint8 `[N, bytes]`, at least one.
        code_length: bits L. Defaults to all bits of a row.

    Attributes:
        distinct: the distinct codes, uint8 `[D, bytes]`, in the order of their first items.
        counts: how many items have each, `[D]`.

    Raises:
        InputError: codes that are none, or of another length.
    """

    def __init__(self, codes: np.ndarray, code_length: int | None = None):
        faiss = require("faiss", "search")
        codes, self.code_length = check_codes("codes", codes, code_length)
        first, group, counts = distinct_rows(codes)
        by_first = np.argsort(first, kind="stable")
        rank = np.empty_like(by_first)
        rank[by_first] = np.arange(len(by_first))
        self.distinct, self.counts = codes[first[by_first]], counts[by_first]
        self.members = np.argsort(rank[group], kind="stable")
        self.starts = np.cumsum(self.counts) - self.counts
        self.index = faiss.IndexBinaryFlat(8 * codes.shape[1])
        # Counts distances instead of keeping a heap: faster, and equal distances come in order.
        self.index.use_heap = False
        self.index.add(self.distinct)

    def __len__(self) -> int:
        return len(self.members)

    def nearest(self, queries: np.ndarray, k: int, whole_groups: bool = False) -> Neighbors:
        """Finds the k nearest items of every query.

        Args:
            queries: uint8 `[Q, bytes]`.
            k: items a query, 1 to N.
            whole_groups: whether items with the code of the last one come too, so that more than
                k may be found. Defaults to False.

        Raises:
            InputError: codes of another length, or a k that is no integer in 1..N.
        """
        queries, _ = check_codes("queries", queries, self.code_length)
        if not 1 <= (as_integer(k) or 0) <= len(self):
            raise InputError(f"k is {k!r}; there are {len(self):,} items, so use 1 to {len(self)}.")
        distances, groups = self.index.search(queries, min(int(k), len(self.distinct)))
        counts = self.counts[groups]
        before = np.cumsum(counts, axis=1) - counts
        taken = np.where(before < k, counts, 0)
        if not whole_groups:
            taken = np.minimum(taken, np.maximum(k - before, 0))
        return self._expand(groups.ravel(), distances.ravel(), taken)

    def within(self, queries: np.ndarray, radius: int) -> Neighbors:
        """Finds all items at most `radius` bits from every query, 0 to L.

        Raises:
            InputError: codes of another length, or a radius that is no integer in 0..L.
        """
        queries, _ = check_codes("queries", queries, self.code_length)
        bits = as_integer(radius)
        if bits is None or not 0 <= bits <= self.code_length:
            raise InputError(
                f"radius is {radius!r}; codes of {self.code_length} bits are 0 to "
                f"{self.code_length} apart."
            )
        limits, distances, groups = self.index.range_search(queries, bits + 1)
        query = np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))
        order = np.lexsort((groups, distances, query))
        groups, distances = groups[order], distances[order].astype(np.int64)
        counts = self.counts[groups]
        found = np.bincount(query[order], counts, len(queries)).astype(np.int64)
        return self._split(groups, distances, counts, found)

    def _expand(self, groups: np.ndarray, distances: np.ndarray, taken: np.ndarray) -> Neighbors:
        """Returns the items of groups, `taken` `[Q, groups a query]` of each."""
        return self._split(groups, distances.astype(np.int64), taken.ravel(), taken.sum(axis=1))

    def _split(self, groups, distances, taken, found) -> Neighbors:
        """Returns the first `taken` items of each group, cut into queries of `found` items."""
        ends = np.cumsum(taken)
        offsets = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - taken, taken)
        items = self.members[np.repeat(self.starts[groups], taken) + offsets]
        cuts = np.cumsum(found)[:-1]
        return Neighbors(np.split(items, cuts), np.split(np.repeat(distances, taken), cuts))
