"""Histograms of Hamming distances, from which every Hamming metric follows in closed form."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.hamming_distances import bits_with_one, signs_with_offset
from classwise.zoo.retrieval.item_stacks import ItemStacks

# Queries and stacks of a tile: what is computed of it stays in the cache.
TILE_ROWS = 16
TILE_STACKS = 1 << 14
# A tile's bits are unpacked to float32: at most this many.
TILE_BITS = 1 << 23
# A stack of two items halves the work, but has a bin for each pair of distances, to be emptied for
# every query: that pays with at most this many bins an item.
BINS_AN_ITEM = 1
# Bins of the histograms of a block of queries.
BLOCK_BINS = 1 << 16
# Beyond this bin float32 skips integers.
FLOAT32_BINS = 1 << 24
# Blocks counted at once; more threads share too little cache.
MOST_THREADS = 8


@dataclass(frozen=True)
class DistinctItems:
    """Distinct (labels, code) pairs, ordered by label, and how many items each stands for."""

    codes: np.ndarray  # uint8 [D, bytes]
    labels: np.ndarray  # int64 [D], or uint8 [D, C]
    counts: np.ndarray  # int64 [D]
    kind: np.ndarray  # int64 [N], the pair of every original item

    @classmethod
    def merge(cls, codes: np.ndarray, labels: np.ndarray) -> "DistinctItems":
        """Merges the items that have the same labels and the same code."""
        key = labels if labels.ndim == 1 else np.packbits(labels, axis=1)
        index, kind, counts = distinct_rows(key, codes)
        return cls(codes[index], labels[index], counts, kind)


def distance_histograms(
    queries: DistinctItems, database: DistinctItems, code_length: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """Computes, block by block of queries, how many items lie at each Hamming distance.

    Args:
        queries, database: merged items, labels of the same kind in both.
        code_length: length L of the codes in bits.

    Yields:
        the slice of `queries`, and float64 `[G + 1, rows, L + 1]`: entry `[g, i, d]` counts the
        items at distance d from query i with at least g labels in common with it. So `[0]` counts
        all items and `[1]` the relevant ones; G is 1 for class ids.
    """
    levels = _most_common_labels(queries.labels, database.labels) + 1
    distances = code_length + 1
    most_bins = BINS_AN_ITEM * min(len(database.codes), TILE_STACKS)
    size = 2 if levels * distances**2 <= most_bins else 1
    stacks = ItemStacks.pile(database.codes, database.labels, database.counts, size)

    def count(block: slice) -> tuple[slice, np.ndarray]:
        codes, labels = queries.codes[block], queries.labels[block]
        exactly = _count_block(codes, labels, stacks, code_length, levels)
        at_least = np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1]
        return block, np.ascontiguousarray(at_least.transpose(1, 0, 2))

    rows = min(1024, max(64, BLOCK_BINS // (levels * distances)))
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    waiting: deque = deque()
    # The matrix products are small: threads of BLAS that wait for each other at every one of them
    # gain little, and on a busy machine take ten times as long. Blocks need no waiting.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(queries.codes), rows):
            block = slice(start, min(start + rows, len(queries.codes)))
            waiting.append(pool.submit(count, block))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def leave_queries_out(histogram: np.ndarray, query_labels: np.ndarray) -> None:
    """Takes every query out of its own histogram `[G + 1, rows, L + 1]`, in place.

    Each is in the database: at distance 0 from itself, with all its own labels in common.
    """
    own = np.ones(len(query_labels)) if query_labels.ndim == 1 else query_labels.sum(axis=1)
    at_least = np.arange(len(histogram))[:, None]
    histogram[:, :, 0] -= at_least <= own


def _most_common_labels(query_labels: np.ndarray, database_labels: np.ndarray) -> int:
    """Returns a bound of the number of labels that a query and an item can share."""
    if query_labels.ndim == 1:
        return 1
    return max(1, min(int(labels.sum(axis=1).max()) for labels in (query_labels, database_labels)))


def _count_block(
    codes: np.ndarray, labels: np.ndarray, stacks: ItemStacks, code_length: int, levels: int
) -> np.ndarray:
    """Returns the items by number of labels in common and distance, `[queries, levels, L + 1]`."""
    distances, size = code_length + 1, stacks.codes.shape[1]
    bins = levels * distances**size
    dtype = np.float32 if TILE_ROWS * bins <= FLOAT32_BINS else np.float64
    own_bins = np.arange(len(codes)) % TILE_ROWS * bins
    unit = sum(distances**place for place in range(size))
    signs = signs_with_offset(codes, code_length, own_bins, unit, dtype)
    histogram = np.zeros((len(codes), levels, distances))
    columns = max(1, min(TILE_STACKS, TILE_BITS // distances))
    for first in range(0, len(stacks), columns):
        tile = stacks[first : first + columns]
        digits = _digits(tile, code_length, dtype)
        for low in range(0, len(codes), TILE_ROWS):
            rows = slice(low, low + TILE_ROWS)
            # One product gives the distances to all items of a stack, and the query's own bins.
            numbers = digits @ signs[rows].T
            _add_common_labels(numbers, labels[rows], tile.labels, distances**size)
            shape = (numbers.shape[1], levels) + (distances,) * size
            histogram[rows] += _histogram(numbers, tile.counts, shape)
    return histogram


def _digits(stacks: ItemStacks, code_length: int, dtype: type) -> np.ndarray:
    """Returns every bit of a stack's items as the digits of one number to the base L + 1."""
    digits = bits_with_one(stacks.codes[:, 0], code_length, dtype)
    for place in range(1, stacks.codes.shape[1]):
        bits = np.unpackbits(stacks.codes[:, place], axis=1, count=code_length)
        digits[:, :-1] += bits * dtype((code_length + 1) ** place)
    return digits


def _add_common_labels(
    numbers: np.ndarray, query_labels: np.ndarray, stack_labels: np.ndarray, step: int
) -> None:
    """Moves every look-up up by `step` bins for each label in common, in place."""
    if query_labels.ndim == 2:
        common = stack_labels.astype(numbers.dtype) @ query_labels.astype(numbers.dtype).T
        numbers += step * common
        return
    # Both sides are ordered by class, so only a few stacks can hold the classes of these queries.
    low = np.searchsorted(stack_labels, query_labels[0], side="left")
    high = np.searchsorted(stack_labels, query_labels[-1], side="right")
    if query_labels[0] == query_labels[-1]:
        numbers[low:high] += step
    else:
        equal = stack_labels[low:high, None] == query_labels
        numbers[low:high] += step * equal.astype(numbers.dtype)


def _histogram(numbers: np.ndarray, counts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Counts `[stacks, queries]` look-ups in bins of that shape, then each item of a stack.

    Returns `[queries, levels, L + 1]`.
    """
    bins = numbers.astype(np.intp).ravel()
    # Whole numbers and halves: sums are exact in any order.
    weights = None if np.all(counts == 1) else np.repeat(counts, numbers.shape[1])
    found = np.bincount(bins, weights, np.prod(shape)).astype(np.float64, copy=False).reshape(shape)
    if len(shape) == 3:
        return found
    ones = np.ones(shape[-1])
    return found @ ones + ones @ found
