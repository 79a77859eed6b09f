"""Average precision under ties, in closed form."""

from collections.abc import Callable

import numpy as np

from classwise.zoo.retrieval.tie_groups import TieGroups
from classwise.zoo.retrieval.tie_sums import harmonic_span, hypergeometric_mean


def average_precision(
    groups: TieGroups, k: int | np.ndarray | None = None, divisor: str = "min"
) -> np.ndarray:
    """Computes average precision as the mean, minimum and maximum over all orders inside ties.

    Formula: AP@K = (1 / D) sum over ranks i <= K of rel(i) P@i, with D = min(K, R) ("min", R the
    number of relevant items in the database) or D = relevant items among the first K ("hits").

    For a group of n items, r of them relevant, behind N items, R' of them relevant, of which m
    rank before the cut-off:
    E = (r / n) sum over p = 1..m of (R' + 1 + (p - 1)(r - 1) / (n - 1)) / (N + p).

    Args:
        groups: queries that have a relevant item in the database.
        k: cut-off rank; None ranks the whole database, where both divisors are R. With the divisor
            "min" each query may have its own, `[Q]`.
        divisor: "min" or "hits".

    Returns:
        float64 `[3, Q]`: expected, worst, best.

    Reference:
        McSherry and Najork, Computing information retrieval performance measures efficiently in
        the presence of tied scores, ECIR 2008.
    """
    if k is not None and divisor == "hits":
        return _with_divisor_hits(groups, int(k))
    taken, relevant = groups.taken(k), groups.total_relevant
    sums = (_expected_sum(groups, taken), _last_sum(groups, taken), _first_sum(groups, taken))
    return np.stack([s.sum(axis=1) for s in sums]) / (
        relevant if k is None else np.minimum(k, relevant)
    )


def _expected_sum(groups: TieGroups, taken: np.ndarray) -> np.ndarray:
    """Expected sum of rel(i) P@i over the taken ranks of every group."""
    linear, quadratic = _position_sums(groups, taken)
    others = (groups.relevant - 1) / np.maximum(groups.items - 1, 1)
    return groups.relevant / np.maximum(groups.items, 1) * (linear + others * quadratic)


def _position_sums(groups: TieGroups, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of (R' + 1) / (N + p) and of (p - 1) / (N + p) over p = 1..taken."""
    span = harmonic_span(groups.items_before, taken)
    return (groups.relevant_before + 1) * span, taken - (groups.items_before + 1) * span


def _hits_sum(groups: TieGroups, start: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """Sum of P@i over hits in a row at ranks start + 1..start + hits."""
    return hits + (groups.relevant_before - start) * harmonic_span(start, hits)


def _first_sum(groups: TieGroups, taken: np.ndarray) -> np.ndarray:
    """Sum of rel(i) P@i with the relevant items first in every group."""
    return _hits_sum(groups, groups.items_before, np.minimum(taken, groups.relevant))


def _last_sum(groups: TieGroups, taken: np.ndarray) -> np.ndarray:
    """Sum of rel(i) P@i with the relevant items last in every group."""
    irrelevant = groups.items - groups.relevant
    hits = np.maximum(0, taken - irrelevant)
    return _hits_sum(groups, groups.items_before + irrelevant, hits)


def _with_divisor_hits(groups: TieGroups, k: int) -> np.ndarray:
    """AP@K divided by the hits among the first K, a number that varies with the order in the cut.

    Groups before the cut count whole, so only the sum inside the cut depends on the hits there.
    """
    cut = groups.cut(k)
    whole = np.where(groups.items_before < cut.items_before[:, None], groups.items, 0)
    before = [f(groups, whole).sum(axis=1) for f in (_expected_sum, _last_sum, _first_sum)]
    taken = k - cut.items_before
    fewest = np.maximum(0, taken - (cut.items - cut.relevant))
    most = np.minimum(taken, cut.relevant)

    linear, quadratic = _position_sums(cut, taken)
    linear, quadratic = linear / taken, quadratic / (taken * np.maximum(taken - 1, 1))

    def expected(hits: np.ndarray) -> np.ndarray:
        return (before[0] + hits * (linear + (hits - 1) * quadratic)) / _at_least_one(cut, hits)

    def worst(hits: np.ndarray) -> np.ndarray:
        inside = _hits_sum(cut, cut.items_before + taken - hits, hits)
        return (before[1] + inside) / _at_least_one(cut, hits)

    def best(hits: np.ndarray) -> np.ndarray:
        return (before[2] + _hits_sum(cut, cut.items_before, hits)) / _at_least_one(cut, hits)

    return np.stack(
        [
            hypergeometric_mean(expected, cut.items, cut.relevant, taken),
            _smallest(worst, fewest, most),
            # Each further hit moves the mean towards a precision above the hit before it: the
            # mean falls, then rises, and its maximum is at one of the ends.
            np.maximum(best(fewest), best(most)),
        ]
    )


def _at_least_one(cut: TieGroups, hits: np.ndarray) -> np.ndarray:
    """Hits among the first K; without any, the sum is 0 and so is the average precision."""
    return np.maximum(cut.relevant_before + hits, 1)


def _smallest(
    value: Callable[[np.ndarray], np.ndarray], fewest: np.ndarray, most: np.ndarray
) -> np.ndarray:
    """Minimum over the number of hits in the cut: a convex sum over a linear divisor.

    Such a quotient falls, then rises, so that bisection finds where it turns.
    """
    low, high = fewest, most
    while np.any(low < high):
        middle = np.floor((low + high) / 2)
        rises = value(np.minimum(middle + 1, most)) >= value(middle)
        low = np.where(rises, low, np.minimum(middle + 1, high))
        high = np.where(rises, middle, high)
    return value(low)
