"""The proof that a store answers as we do: a hundred codes, searched in it and by ourselves."""

from __future__ import annotations

import numpy as np

from classwise.zoo.retrieval.neighbors import nearest_neighbors
from classwise.zoo.search.image_codes import ImageCodes
from classwise.zoo.search.stores.store import Found, Search

QUERIES, NEAREST = 100, 10


class StoreMismatch(RuntimeError):
    """A store holds, or finds, something else than what was written into it."""


def prove_store(codes: ImageCodes, search: Search) -> None:
    """Searches a hundred codes in a store, and compares with an exact search of our own.

    Half of them are codes of images, the others differ from those in some bits. Distances must be
    equal, each that of the image it stands for, and codes and names those that were written. (Which
    of several images at the same distance come first is each store's own affair.)

    Args:
        codes: what was written.
        search: the store's.

    Raises:
        StoreMismatch: anything differs.
    """
    queries = queries_of(codes)
    count = min(NEAREST, len(codes))
    _, expected = nearest_neighbors(queries, codes.codes, count)
    for query, distances in zip(queries, expected, strict=True):
        found = search(query, count)
        difference = first_difference(codes, query, distances, found)
        if difference:
            raise StoreMismatch(difference)


def queries_of(codes: ImageCodes) -> np.ndarray:
    """Returns a hundred codes to search, uint8 `[100, bytes]`, the same ones each time."""
    random = np.random.default_rng(0)
    rows = np.linspace(0, len(codes) - 1, QUERIES).astype(np.intp)
    flipped = random.random((QUERIES, codes.code_length)) < 0.2
    flipped[::2] = False
    return codes.codes[rows] ^ np.packbits(flipped, axis=1)


def first_difference(
    codes: ImageCodes, query: np.ndarray, expected: np.ndarray, found: Found
) -> str | None:
    """Returns in a clause what a store gets wrong about one query, None if nothing.

    Args:
        codes: what was written.
        query: uint8 `[bytes]`.
        expected: the distances of its nearest images, ascending, `[k]`.
        found: by the store.
    """
    items, distances = np.asarray(found.items), np.asarray(found.distances)
    if len(items) != len(expected) or len(set(items.tolist())) != len(items):
        return f"it found {len(items)} images, not {len(expected)} different ones"
    if not np.array_equal(distances, expected):
        return f"it found distances {distances.tolist()}, not {expected.tolist()}"
    if items.min() < 0 or items.max() >= len(codes):
        return f"it found image {items.max()} of {len(codes)}"
    if not np.array_equal(found.codes, codes.codes[items]):
        return "it holds other codes than were written"
    if list(found.names) != [codes.names[item] for item in items]:
        return "it holds codes under other names"
    own = np.bitwise_count(codes.codes[items] ^ query).sum(axis=1)
    return None if np.array_equal(own, distances) else "it gives images another's distance"
