"""Photos that are alike by their codes, though none is a copy of the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from classwise.zoo.search.index import Hit, Index

BATCH_SIZE = 256
# Neighbors of which copies are left out before the nearest one is taken.
NEIGHBORS = 20


@dataclasses.dataclass(frozen=True)
class SimilarPair:
    """Two photos, each of which is the other's nearest.

    Args:
        first, second: their names in the index.
        distance: bits in which their codes differ.
        similarity: cosine of their vectors, None where the index keeps none.
    """

    first: str
    second: str
    distance: int
    similarity: float | None


def similar_photos(
    index: Index, copies: Iterable[Iterable[str]] = (), count: int = 100
) -> list[SimilarPair]:
    """Finds pairs of photos that are each other's nearest by codes and vectors, the nearest first.

    Args:
        index: of the photos.
        copies: clusters of names that are copies, which are no neighbors of each other. Defaults
            to none.
        count: pairs at most. Defaults to 100.
    """
    cluster = {name: number for number, names in enumerate(copies) for name in names}
    nearest: list[Hit | None] = []
    for start in range(0, len(index), BATCH_SIZE):
        items = range(start, min(start + BATCH_SIZE, len(index)))
        for item, hits in zip(items, index.search_items(items, k=NEIGHBORS), strict=True):
            own = cluster.get(index.columns.name(item), -1)
            nearest.append(
                next((hit for hit in hits if own == -1 or cluster.get(hit.name) != own), None)
            )
    pairs = []
    for item, hit in enumerate(nearest):
        back = nearest[hit.item] if hit is not None else None
        if hit is not None and back is not None and back.item == item and item < hit.item:
            name = index.columns.name(item)
            pairs.append(SimilarPair(name, hit.name, hit.distance, hit.similarity))
    return sorted(pairs, key=lambda p: (-(p.similarity or 0), p.distance, p.first))[:count]
