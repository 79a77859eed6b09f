"""Histograms of Hamming distances, from which every Hamming metric follows in closed form."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.hamming_distances import bits_with_one, signs_with_offset

# A tile of this many query-item pairs, and a histogram of this many bins, stay in the cache.
TILE_PAIRS = 1 << 18
BLOCK_BINS = 1 << 16
# A tile's bits are unpacked to float32: at most this many.
TILE_BITS = 1 << 23
# Beyond this bin float32 skips integers.
FLOAT32_BINS = 1 << 24


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
    rows = min(1024, max(64, BLOCK_BINS // (levels * distances)))
    columns = max(1, min(TILE_PAIRS // rows, TILE_BITS // distances))
    # A pair's distance and its query's place in the histogram come out of one matrix product.
    dtype = np.float32 if rows * levels * distances <= FLOAT32_BINS else np.float64
    repeated = np.any(database.counts > 1)
    for start in range(0, len(queries.codes), rows):
        block = slice(start, min(start + rows, len(queries.codes)))
        size, labels = block.stop - block.start, queries.labels[block]
        own_bins = np.arange(size) * (levels * distances)
        signs = signs_with_offset(queries.codes[block], code_length, own_bins, dtype)
        histogram = np.zeros(size * levels * distances)
        for first in range(0, len(database.codes), columns):
            tile = slice(first, first + columns)
            bins = signs @ bits_with_one(database.codes[tile], code_length, dtype).T
            _add_common_labels(bins, labels, database.labels[tile], distances)
            weights = (
                np.broadcast_to(database.counts[tile], bins.shape).ravel() if repeated else None
            )
            histogram += np.bincount(bins.astype(np.intp).ravel(), weights, len(histogram))
        exactly = histogram.reshape(size, levels, distances)
        at_least = np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1]
        yield block, np.ascontiguousarray(at_least.transpose(1, 0, 2))


def _most_common_labels(query_labels: np.ndarray, database_labels: np.ndarray) -> int:
    """Returns a bound of the number of labels that a query and an item can share."""
    if query_labels.ndim == 1:
        return 1
    return max(1, min(int(labels.sum(axis=1).max()) for labels in (query_labels, database_labels)))


def _add_common_labels(
    bins: np.ndarray, query_labels: np.ndarray, database_labels: np.ndarray, distances: int
) -> None:
    """Moves every pair up by `distances` bins for each label in common, in place."""
    if query_labels.ndim == 2:
        common = query_labels.astype(bins.dtype) @ database_labels.astype(bins.dtype).T
        bins += distances * common
        return
    # Both sides are ordered by class, so only a few columns can hold the classes of this block.
    low = np.searchsorted(database_labels, query_labels[0], side="left")
    high = np.searchsorted(database_labels, query_labels[-1], side="right")
    equal = query_labels[:, None] == database_labels[None, low:high]
    bins[:, low:high] += distances * equal.astype(bins.dtype)
