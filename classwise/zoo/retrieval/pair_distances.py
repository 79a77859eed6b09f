"""How far apart the codes of one class lie, and those of different classes."""

import numpy as np

from classwise.zoo.retrieval.distance_histograms import DistinctItems, distance_histograms
from classwise.zoo.retrieval.evaluation_input import check_sets


def pair_distances(
    query_codes: np.ndarray,
    query_labels: np.ndarray,
    database_codes: np.ndarray,
    database_labels: np.ndarray,
    *,
    code_length: int | None = None,
    leave_one_out: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Computes how many (query, database item) pairs lie at each Hamming distance 0..L.

    Args:
        query_codes, query_labels, database_codes, database_labels, code_length: as for
            `evaluate_codes`.
        leave_one_out: the queries are the database, and no query makes a pair with itself.

    Returns:
        Pairs with a label in common and pairs without, int64 `[L + 1]` each.

    Raises:
        InputError: codes or labels that do not fit.

    Example:

    >>> codes = np.uint8([[0b00000000], [0b10000000]])
    >>> same, different = pair_distances(codes, np.array([0, 1]), codes, np.array([0, 1]),
    ...                                  code_length=2)
    >>> same.tolist(), different.tolist()
    ([2, 0, 0], [0, 2, 0])
    """
    query_codes, query_labels, database_codes, database_labels, code_length = check_sets(
        query_codes, query_labels, database_codes, database_labels, code_length
    )
    queries = DistinctItems.merge(query_codes, query_labels)
    database = DistinctItems.merge(database_codes, database_labels)
    pairs = np.zeros((2, code_length + 1))
    for block, histogram in distance_histograms(queries, database, code_length):
        pairs += np.einsum("q,gqd->gd", queries.counts[block], histogram[:2])
    every, same = pairs.astype(np.int64)
    if leave_one_out:
        every[0] -= len(query_codes)
        labeled = query_labels.any(axis=1) if query_labels.ndim == 2 else np.ones(len(query_codes))
        same[0] -= int(labeled.sum())
    return same, every - same
