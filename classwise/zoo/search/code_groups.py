"""Exact nearest codes, where equal codes are looked at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.inputs import check_codes

# So many that handing a task over takes no time beside them.
COMPARISONS_A_TASK = 1 << 20


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
        members: all items, group by group, groups in the order of their first items, `[N]`.
        counts, starts: how many items each group has, and where they start in `members`, `[D]`.

    Raises:
        InputError: codes that are none, or of another length.
    """

    def __init__(self, codes: np.ndarray, code_length: int | None = None):
        self.faiss = require("faiss", "search")
        codes, self.code_length = check_codes("codes", codes, code_length)
        self.members, self.counts = grouped(codes)
        self.starts = np.cumsum(self.counts, dtype=self.counts.dtype) - self.counts
        self.index = self.faiss.IndexBinaryFlat(8 * codes.shape[1])
        # Counts distances instead of keeping a heap, which is faster where k is large.
        self.index.use_heap = False
        all_distinct = len(self.counts) == len(codes)
        self.index.add(codes if all_distinct else codes[self.members[self.starts]])

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
        distances, groups = self._nearest_groups(queries, min(int(k), len(self.counts)))
        counts = self.counts[groups]
        before = np.cumsum(counts, axis=1) - counts
        taken = np.where(before < k, counts, 0)
        if not whole_groups:
            taken = np.minimum(taken, np.maximum(k - before, 0))
        return self._expand(groups, distances, taken)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        # A thread of ours with one of OpenMP's never waits for another, as faiss's own do at the
        # end of every block of codes; that takes several times as long on a busy machine.
        one = partial(self.faiss.omp_set_num_threads, 1)
        return ThreadPoolExecutor(self.faiss.omp_get_max_threads(), initializer=one)

    def _nearest_groups(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns distances and groups of the k nearest groups of every query, `[Q, k]` each."""
        step = max(1, COMPARISONS_A_TASK // len(self.counts))
        parts = [queries[start : start + step] for start in range(0, len(queries), step)]
        if len(parts) == 1:
            threads = self.faiss.omp_get_max_threads()
            self.faiss.omp_set_num_threads(1)
            try:
                return self.index.search(queries, k)
            finally:
                self.faiss.omp_set_num_threads(threads)
        found = list(self._threads.map(lambda part: self.index.search(part, k), parts))
        distances, groups = (np.concatenate(values) for values in zip(*found, strict=True))
        return distances, groups

    def _expand(self, groups: np.ndarray, distances: np.ndarray, taken: np.ndarray) -> Neighbors:
        """Returns the first `taken` items of each group, cut into queries; all `[Q, groups]`."""
        found, taken = taken.sum(axis=1), taken.ravel()
        ends = np.cumsum(taken)
        offsets = np.arange(ends[-1]) - np.repeat(ends - taken, taken)
        items = self.members[np.repeat(self.starts[groups.ravel()], taken) + offsets]
        apart = np.repeat(distances.ravel().astype(np.int64), taken)
        cuts = np.cumsum(found)[:-1]
        return Neighbors(np.split(items, cuts), np.split(apart, cuts))


def grouped(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups equal codes, with little memory beside the codes themselves.

    Args:
        codes: uint8 `[N, bytes]`.

    Returns:
        all items, group by group, groups in the order of their first items; and how many items
        each group has. They are int32 where that is enough.

    Example:

    >>> items, counts = grouped(np.uint8([[7], [3], [7]]))
    >>> items.tolist(), counts.tolist()
    ([0, 2, 1], [2, 1])
    """
    count = len(codes)
    integer = np.int32 if count <= np.iinfo(np.int32).max else np.int64
    keys = row_keys(codes)
    order = np.argsort(keys, kind="stable").astype(integer)  # so that items of a group ascend
    keys = keys[order]
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])).astype(integer)
    del keys
    if len(begins) == count:
        return np.arange(count, dtype=integer), np.ones(count, integer)
    counts = np.diff(np.append(begins, integer(count)))
    by_first = np.argsort(order[begins]).astype(integer)
    begins, counts = begins[by_first], counts[by_first]
    ends = np.cumsum(counts, dtype=integer)
    places = np.arange(count, dtype=integer) + np.repeat(begins - (ends - counts), counts)
    return order[places], counts


def row_keys(codes: np.ndarray) -> np.ndarray:
    """Returns a number for every row of bytes, the same for equal rows only."""
    width = codes.shape[1]
    if width > 8:
        return distinct_rows(codes)[1]
    padded = np.zeros((len(codes), 8), np.uint8)
    padded[:, :width] = codes
    return padded.view(np.uint64)[:, 0]
