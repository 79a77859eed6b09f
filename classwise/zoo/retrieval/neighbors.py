"""The nearest database items of every query, by exact Hamming distance."""

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.inputs import check_codes

# Distances held at once, 32 MiB of int64.
_CHUNK_PAIRS = 1 << 22


def nearest_neighbors(
    query_codes: np.ndarray, database_codes: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Computes the k database items nearest to every query, the nearest first.

    Items at the same distance come in the order of the database.

    Args:
        query_codes, database_codes: packed codes, uint8 `[Q, bytes]` and `[N, bytes]`.
        k: neighbors a query, 1 to N.

    Returns:
        Database indices and Hamming distances, int64 `[Q, k]` each.

    Raises:
        InputError: codes that do not fit, or a k that the database cannot fill.

    Example:

    >>> database = np.uint8([[0b1111], [0b0001], [0b0010], [0b0000]])
    >>> indices, distances = nearest_neighbors(np.uint8([[0b0000]]), database, k=3)
    >>> indices.tolist(), distances.tolist()
    ([[3, 1, 2]], [[0, 1, 1]])
    """
    database_codes, code_length = check_codes("database_codes", database_codes, None)
    query_codes, _ = check_codes("query_codes", query_codes, code_length)
    items = len(database_codes)
    if not isinstance(k, int | np.integer) or not 1 <= k <= items:
        raise InputError(
            f"k is {k!r}; the database has {items} items, so it must be an integer from 1 to "
            f"{items}."
        )
    queries, database = _words(query_codes), _words(database_codes)
    rows = max(1, _CHUNK_PAIRS // items)
    nearest = np.empty((len(queries), k), np.int64)
    for start in range(0, len(queries), rows):
        chunk = queries[start : start + rows]
        distances = np.zeros((len(chunk), items), np.int64)
        for word in range(database.shape[1]):
            distances += np.bitwise_count(chunk[:, word, None] ^ database[:, word])
        # One number orders by distance first, by index second, and holds both.
        keys = distances * items + np.arange(items)
        nearest[start : start + rows] = np.sort(np.partition(keys, k - 1)[:, :k])
    return nearest % items, nearest // items


def _words(codes: np.ndarray) -> np.ndarray:
    """Packs bytes into words of 64 bits, zero padded: one XOR then does the work of eight."""
    padding = -codes.shape[1] % 8
    return np.pad(codes, ((0, 0), (0, padding))).view(np.uint64)


nearest_neighbours = nearest_neighbors  # as it was spelled in 0.1
