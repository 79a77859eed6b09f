"""Average precision on tie groups far too large for enumeration."""

import math
from fractions import Fraction

import numpy as np
import pytest

from classwise.zoo.retrieval.average_precision import average_precision
from classwise.zoo.retrieval.tie_groups import TieGroups


def random_groups(seed, largest):
    random = np.random.default_rng(seed)
    items = random.integers(0, largest, (20, 6))
    relevant = random.integers(0, items + 1)
    relevant[:, 2] += 1
    items[:, 2] += 1
    return TieGroups.from_counts(items.astype(float), relevant.astype(float)), items, relevant


def sum_in_group(n, r, before, hits_before, taken):
    """Expected sum of rel(i) P@i over the taken ranks of one group, rank by rank."""
    total = Fraction()
    for p in range(1, taken + 1):
        others = Fraction((p - 1) * (r - 1), n - 1) if n > 1 else 0
        total += Fraction(r, n) * (hits_before + 1 + others) / (before + p)
    return total


def last_sum(n, r, before, hits_before, taken):
    """Sum of rel(i) P@i with the r relevant of n items last."""
    ranks = range(n - r + 1, taken + 1)
    return sum((Fraction(hits_before + i, before + rank) for i, rank in enumerate(ranks, 1)), 0)


def oracle(items, relevant, k, divisor):
    """Expected and worst AP@K of one query in rational arithmetic."""
    before = hits_before = 0
    expected = worst = Fraction()
    divided = min(k, int(relevant.sum()))
    for n, r in zip(items.tolist(), relevant.tolist(), strict=True):
        taken = min(n, k - before)
        if divisor == "hits" and before + n >= k:
            mean, lowest = Fraction(), Fraction(10)
            for j in range(max(0, taken - (n - r)), min(taken, r) + 1):
                probability = Fraction(math.comb(r, j) * math.comb(n - r, taken - j))
                probability /= math.comb(n, taken)
                # Given j hits, they are spread over the taken ranks like j of `taken` items.
                inside = sum_in_group(taken, j, before, hits_before, taken)
                mean += probability * (expected + inside) / max(hits_before + j, 1)
                low = worst + last_sum(taken, j, before, hits_before, taken)
                lowest = min(lowest, low / max(hits_before + j, 1))
            return mean, lowest
        expected += sum_in_group(n, r, before, hits_before, taken)
        worst += last_sum(n, r, before, hits_before, taken)
        before, hits_before = before + n, hits_before + r
        if before >= k:
            break
    return expected / divided, worst / divided


@pytest.mark.parametrize("divisor", ["min", "hits"])
@pytest.mark.parametrize("seed", range(3))
def test_large_groups_equal_rational_arithmetic(seed, divisor):
    groups, items, relevant = random_groups(seed, largest=40)
    for k in (1, 3, 17, int(items.sum(axis=1).min())):
        values = average_precision(groups, k, divisor)
        for i in range(len(items)):
            expected, worst = oracle(items[i], relevant[i], k, divisor)
            assert values[0, i] == pytest.approx(float(expected), abs=1e-13)
            assert values[1, i] == pytest.approx(float(worst), abs=1e-13)
        assert np.all(values[1] <= values[0] + 1e-13)
        assert np.all(values[0] <= values[2] + 1e-13)


def test_cut_off_at_the_whole_database_equals_no_cut_off():
    items = np.array([[3.0, 5.0, 2.0]])
    groups = TieGroups.from_counts(items, np.array([[1.0, 2.0, 2.0]]))
    for divisor in ("min", "hits"):
        np.testing.assert_allclose(
            average_precision(groups, 10, divisor), average_precision(groups), atol=1e-14
        )


def test_ten_million_items_keep_twelve_digits():
    """All relevant: AP is 1 whatever the sizes, so that every lost digit shows."""
    items = np.array([[3e6, 1.0, 2.0, 6e6, 999_997.0]])
    groups = TieGroups.from_counts(items, items)
    np.testing.assert_allclose(average_precision(groups), 1, atol=1e-12)
