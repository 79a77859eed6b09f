"""Harmonic spans and hypergeometric means against exact rational arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest

from classwise.zoo.retrieval.tie_sums import harmonic_span, hypergeometric_mean


@pytest.mark.parametrize("first", [0, 1, 5, 62, 63, 64, 65, 1000, 12345])
@pytest.mark.parametrize("count", [0, 1, 2, 60, 64, 200])
def test_harmonic_span(first, count):
    exact = sum((Fraction(1, first + p) for p in range(1, count + 1)), Fraction())
    span = harmonic_span(np.array([first]), np.array([count]))[0]
    # The table's last digit is 2**-51 where its entries exceed 4.
    assert span == pytest.approx(float(exact), rel=1e-13, abs=2**-51)


@pytest.mark.parametrize("first", [10**6, 10**7, 10**9])
def test_harmonic_span_keeps_its_digits_far_out(first):
    exact = float(Fraction(1, first + 1) + Fraction(1, first + 2))
    assert harmonic_span(np.array([first]), np.array([2]))[0] == pytest.approx(exact, rel=1e-15)


def test_hypergeometric_mean():
    random = np.random.default_rng(0)
    population = random.integers(1, 60, 300)
    successes, draws = (random.integers(0, population + 1) for _ in range(2))
    result = hypergeometric_mean(
        lambda j: 1 / (j + 1), *(x.astype(float) for x in (population, successes, draws))
    )
    for n, r, m, value in zip(population, successes, draws, result, strict=True):
        n, r, m = int(n), int(r), int(m)
        ways = [math.comb(r, j) * math.comb(n - r, m - j) for j in range(min(r, m) + 1)]
        exact = sum(Fraction(way, j + 1) for j, way in enumerate(ways)) / math.comb(n, m)
        assert value == pytest.approx(float(exact), rel=1e-13)


def test_hypergeometric_mean_of_large_groups():
    n, r, m = 10_000_000.0, 1_000_000.0, 40_000.0
    mean = hypergeometric_mean(lambda j: j, *(np.array([x]) for x in (n, r, m)))
    assert mean[0] == pytest.approx(m * r / n, rel=1e-12)
