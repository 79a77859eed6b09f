"""Statistics of codes against NumPy on unpacked bits."""

import json

import numpy as np
import pytest

from classwise.zoo.retrieval import code_statistics


@pytest.mark.parametrize("length", [1, 9, 48])
def test_equals_plain_numpy(length, heavy_ties):
    random = np.random.default_rng(length)
    database, queries = heavy_ties(random, 2500, length), heavy_ties(random, 40, length, flip=0.2)
    centers = heavy_ties(random, 5, length, flip=0.5)
    statistics = code_statistics(
        database, query_codes=queries, center_codes=centers, code_length=length
    )
    bits, query_bits, center_bits = (
        np.unpackbits(codes, axis=1, count=length) for codes in (database, queries, centers)
    )
    assert statistics.codes == 2500
    assert statistics.distinct_codes == len({row.tobytes() for row in database})
    np.testing.assert_allclose(statistics.bit_balance, bits.mean(axis=0))
    constant = bits.std(axis=0) == 0
    assert statistics.constant_bits == constant.sum()
    with np.errstate(all="ignore"):
        correlation = np.nan_to_num(np.atleast_2d(np.corrcoef(bits.T)))
    np.testing.assert_allclose(statistics.bit_correlation, correlation, atol=1e-12)
    nearest = [np.min(np.sum(bits != query, axis=1)) for query in query_bits]
    assert statistics.queries_within_radius_2 == np.mean(np.array(nearest) <= 2)
    pairs = [np.sum(center_bits[i] != center_bits[j]) for i in range(5) for j in range(i + 1, 5)]
    assert statistics.center_distance_minimum == min(pairs)
    assert statistics.center_distance_mean == pytest.approx(np.mean(pairs))
    document = json.loads(json.dumps(statistics.to_dict(), allow_nan=False))
    imbalance = np.abs(bits.mean(axis=0) - 0.5)
    assert document["bit_imbalance"]["maximum"] == pytest.approx(imbalance.max())
    if length > 1:
        worst = max(abs(correlation[i, j]) for i in range(length) for j in range(i))
        assert document["bit_correlation"]["maximum"] == pytest.approx(worst)


def test_repeated_codes_weigh_and_constant_bits_correlate_with_nothing():
    codes = np.packbits([[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 1]], axis=1)
    statistics = code_statistics(codes, code_length=3)
    assert statistics.bit_balance.tolist() == [1, 0.25, 0.25]
    assert statistics.constant_bits == 1
    assert statistics.bit_correlation.tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert statistics.queries_within_radius_2 is None
    assert statistics.center_distance_minimum is None


def test_near_is_distance_two():
    queries = np.uint8([[0b0], [0b1], [0b11], [0b111], [0b111]])
    statistics = code_statistics(np.uint8([[0]]), query_codes=queries)
    assert statistics.queries_within_radius_2 == 3 / 5
