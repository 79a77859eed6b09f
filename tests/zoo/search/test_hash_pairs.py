"""Pairs and clusters of hashes, against loops over all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classwise.zoo import InputError
from classwise.zoo.search import hash_pairs as module
from classwise.zoo.search.hash_pairs import cheapest_tables, clusters_within, hash_pairs


def near_ones(seed, count, most_flips):
    """Hashes of 64 bits, each of which is another one with a few bits flipped."""
    random = np.random.default_rng(seed)
    hashes = random.integers(0, 256, (count, 8), np.uint8)
    for row in range(1, count):
        flipped = random.choice(64, random.integers(0, most_flips + 1), replace=False)
        bits = np.zeros(64, np.uint8)
        bits[flipped] = 1
        hashes[row] = hashes[random.integers(0, row)] ^ np.packbits(bits)
    return hashes


def bits_apart(some, others):
    return np.bitwise_count(some[:, None] ^ others[None]).sum(axis=-1)


@given(
    seed=st.integers(0, 999),
    count=st.integers(1, 40),
    radius=st.integers(0, 12),
    scanned=st.sampled_from([1e-9, 1.0, 1e9]),
)
@settings(deadline=None)
def test_no_pair_is_missed_or_invented(seed, count, radius, scanned):
    hashes = near_ones(seed, count, 14)
    queries = hashes[: count // 2 + 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SCANNED_A_LOOKUP", scanned)  # tables always, or never
        patch.setattr(module, "QUERIES_AT_ONCE", 7)
        found = [np.stack(part) for part in hash_pairs(queries, hashes, radius)]
    triples = np.concatenate(found, axis=1).T.tolist()
    apart = bits_apart(queries, hashes)
    expected = [[q, n, apart[q, n]] for q, n in np.argwhere(apart <= radius).tolist()]
    assert sorted(triples) == sorted(expected)


@pytest.mark.parametrize("radius", range(13))
@pytest.mark.parametrize("count", [2000, 10**6, 10**8])
def test_tables_are_wide_enough_to_miss_nothing(radius, count):
    tables = cheapest_tables(64, count, radius)
    if tables is not None:
        assert tables.parts * tables.bits <= 64
        assert (tables.flips + 1) * tables.parts > radius


@given(seed=st.integers(0, 999), count=st.integers(1, 40), radius=st.integers(0, 8))
@settings(deadline=None)
def test_clusters_are_what_chains_lead_to(seed, count, radius):
    hashes = near_ones(seed, count, 12)
    near = bits_apart(hashes, hashes) <= radius
    label = np.arange(count)
    for _ in range(count):  # the least number spreads along the chains
        label = np.where(near, label[None], count).min(axis=1)
    numbers = {first: number for number, first in enumerate(sorted(set(label.tolist())))}
    assert clusters_within(hashes, radius).tolist() == [numbers[first] for first in label.tolist()]


@pytest.mark.parametrize("radius", [-1, 65, 1.5, None])
def test_a_radius_that_makes_no_sense(radius):
    with pytest.raises(InputError, match="0 to 64 apart"):
        clusters_within(near_ones(0, 3, 3), radius)
