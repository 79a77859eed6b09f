"""All pairs of hashes that lie within a radius, none missed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.inputs import check_codes

# Queries at a time: what they find has to fit in memory.
QUERIES_AT_ONCE = 1 << 16
# Comparisons that a flat scan makes in the time in which one bucket of a table is looked up.
SCANNED_A_LOOKUP = 150


class HashTables(NamedTuple):
    """How hashes are cut into parts, each with a table of its own.

    Two hashes within a radius agree, but for `flips` bits, in one of the parts at least.

    Args:
        parts: number of parts.
        bits: of a part.
        flips: bits in which a part may differ.
    """

    parts: int
    bits: int
    flips: int


def hash_pairs(
    queries: np.ndarray, hashes: np.ndarray, radius: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Finds all pairs of a query and a hash that differ in at most `radius` bits.

    Args:
        queries: uint8 `[Q, bytes]`, rows that differ cost least.
        hashes: uint8 `[N, bytes]`.
        radius: bits, 0 to all of them.

    Yields:
        a query's row, a hash's row and the bits between them, int64 `[n]` each, for some queries
        at a time.

    Raises:
        InputError: hashes that are none, or a radius that is out of range.
    """
    faiss = require("faiss", "search")
    hashes, length = check_codes("hashes", hashes, None)
    queries, _ = check_codes("queries", queries, length)
    check_hash_radius(radius, length)
    tables = cheapest_tables(length, len(hashes), radius)
    if tables is None:
        index = faiss.IndexBinaryFlat(length)
    else:
        index = faiss.IndexBinaryMultiHash(length, tables.parts, tables.bits)
        index.nflip = tables.flips
    index.add(hashes)
    for start in range(0, len(queries), QUERIES_AT_ONCE):
        some = queries[start : start + QUERIES_AT_ONCE]
        limits, distances, rows = index.range_search(some, radius + 1)
        asked = np.repeat(np.arange(len(some)), np.diff(limits.astype(np.int64)))
        yield asked + start, rows, distances.astype(np.int64)


def check_hash_radius(radius: int, length: int) -> None:
    """Raises `InputError` unless hashes of `length` bits can be so far apart."""
    if as_integer(radius) is None or not 0 <= radius <= length:
        raise InputError(f"radius is {radius!r}; hashes of {length} bits are 0 to {length} apart.")


def cheapest_tables(length: int, count: int, radius: int) -> HashTables | None:
    """Returns the tables that take the fewest looks, None where scanning all hashes is cheaper.

    Example:

    >>> cheapest_tables(64, 1_000_000, 3), cheapest_tables(64, 500, 3)
    (HashTables(parts=4, bits=16, flips=0), None)
    """
    best, least = None, count / SCANNED_A_LOOKUP
    for parts in range(2, 9):
        bits, flips = min(length // parts, 32), radius // parts
        lookups = parts * sum(math.comb(bits, flip) for flip in range(flips + 1))
        cost = lookups * (1 + count / 2**bits)
        if cost < least:
            best, least = HashTables(parts, bits, flips), cost
    return best


def clusters_within(hashes: np.ndarray, radius: int) -> np.ndarray:
    """Computes clusters of hashes: whatever a chain of steps within the radius leads to.

    Args:
        hashes: uint8 `[N, bytes]`.
        radius: bits of a step.

    Returns:
        the number of its cluster for every hash, int64 `[N]`, counted by first members.

    Raises:
        InputError: hashes that are none, or a radius that is out of range.

    Example:

    >>> clusters_within(np.uint8([[0], [255], [1], [3]]), 1).tolist()
    [0, 1, 0, 0]
    """
    first, kind, _ = distinct_rows(hashes)
    distinct = hashes[first]
    links = [np.stack([q, n]) for q, n, _ in hash_pairs(distinct, distinct, radius)]
    return components(len(distinct), np.concatenate(links, axis=1), kind)


def components(count: int, links: np.ndarray, of_item: np.ndarray | None = None) -> np.ndarray:
    """Computes what links hold together.

    Args:
        count: of nodes.
        links: pairs of nodes, `[2, n]`.
        of_item: the node of every item. Defaults to the nodes themselves.

    Returns:
        the number of its component for every item, int64, counted by first members.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(links.shape[1], bool), tuple(links)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    component = component if of_item is None else component[of_item]
    _, first, numbered = np.unique(component, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[numbered]
