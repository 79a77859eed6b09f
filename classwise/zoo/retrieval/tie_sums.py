"""The two sums on which exact expectations over ties rest: harmonic spans, hypergeometric means."""

from collections.abc import Callable

import numpy as np

_TABLE_SIZE = 64
_HARMONIC = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, _TABLE_SIZE + 1))])


def harmonic_span(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Computes the sum of 1 / (first + p) over p = 1..count, to float64 rounding.

    A difference of two tabulated harmonic numbers would lose the digits that they share: at ten
    million items that is 1e-9 of an average precision. So beyond 64 the difference itself is
    expanded (Euler-Maclaurin around first + 1/2).

    Formula: H(b) - H(a) = ln(b' / a') + s(b') - s(a'), with x' = x + 1/2 and
    s(x) = 1 / 24 x^2 - 7 / 960 x^4 + 31 / 8064 x^6.

    Args:
        first, count: non-negative integers (any numeric dtype), of the same shape.

    Example:

    >>> float(harmonic_span(np.array([1]), np.array([2]))[0])  # 1/2 + 1/3
    0.8333333333333333
    """
    span = np.zeros(np.shape(count))
    some = np.asarray(count) > 0  # most tie groups are empty, or behind the cut-off
    span[some] = _harmonic_span(
        np.asarray(first, np.float64)[some], np.asarray(count, np.float64)[some]
    )
    return span


def _harmonic_span(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    last = first + count
    low, high = np.minimum(first, _TABLE_SIZE), np.minimum(last, _TABLE_SIZE)
    tabulated = _HARMONIC[high.astype(np.intp)] - _HARMONIC[low.astype(np.intp)]
    a, b = np.maximum(first, _TABLE_SIZE) + 0.5, np.maximum(last, _TABLE_SIZE) + 0.5
    return tabulated + np.log1p((b - a) / a) + (_tail(b) - _tail(a))


def _tail(x: np.ndarray) -> np.ndarray:
    squared = 1.0 / (x * x)
    return squared * (1 / 24 - squared * (7 / 960 - squared * (31 / 8064)))


def hypergeometric_mean(
    function: Callable[[np.ndarray], np.ndarray],
    population: np.ndarray,
    successes: np.ndarray,
    draws: np.ndarray,
) -> np.ndarray:
    """Computes E[function(j)], j the number of successes among draws without replacement.

    Walks from the most probable j to both sides with the exact ratio of neighboring
    probabilities, so that no logarithm of a factorial costs digits, and stops where what is left
    is below 1e-25 of the peak.

    Args:
        function: maps float64 `[Q]` to float64 `[Q]`.
        population, successes, draws: float64 integers `[Q]`, successes and draws <= population.
    """
    low = np.maximum(0, draws - (population - successes))
    high = np.minimum(draws, successes)
    mode = np.floor((draws + 1) * (successes + 1) / (population + 2))
    mode = np.clip(mode, low, high)
    total, weights = np.array(function(mode)), np.ones_like(mode)
    for step in (1, -1):
        j, weight = mode.copy(), np.ones_like(mode)
        while True:
            if step == 1:
                ratio = (successes - j) * (draws - j)
                ratio /= (j + 1) * (population - successes - draws + j + 1)
            else:
                ratio = j * (population - successes - draws + j)
                ratio /= (successes - j + 1) * (draws - j + 1)
            inside = (j + step >= low) & (j + step <= high) & (weight > 1e-25)
            if not inside.any():
                break
            j = np.where(inside, j + step, j)
            weight = np.where(inside, weight * ratio, 0.0)
            total += weight * function(j)
            weights += weight
    return total / weights
