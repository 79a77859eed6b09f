import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import neighbors
from classwise.zoo.retrieval.neighbors import nearest_neighbors


def naive_neighbors(query, database, k):
    """Sorts (distance, index) pairs, bits counted one by one."""
    pairs = [
        (sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(query, item, strict=True)), index)
        for index, item in enumerate(database)
    ]
    return sorted(pairs)[:k]


@given(st.data())
def test_equals_a_naive_loop(data):
    width = data.draw(st.integers(1, 17), label="bytes of a code")
    items = data.draw(st.integers(1, 30), label="items")
    k = data.draw(st.integers(1, items), label="k")
    rng = np.random.default_rng(data.draw(st.integers(0, 1000), label="seed"))
    # Few distinct codes, so that most distances are tied.
    pool = rng.integers(0, 256, (4, width), dtype=np.uint8)
    queries, database = pool[rng.integers(0, 4, 5)], pool[rng.integers(0, 4, items)]
    indices, distances = nearest_neighbors(queries, database, k)
    for query, row_indices, row_distances in zip(queries, indices, distances, strict=True):
        expected = naive_neighbors(query, database, k)
        assert list(zip(row_distances.tolist(), row_indices.tolist(), strict=True)) == expected


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    queries, database = (rng.integers(0, 256, (n, 3), dtype=np.uint8) for n in (50, 40))
    whole = nearest_neighbors(queries, database, 7)
    monkeypatch.setattr(neighbors, "_CHUNK_PAIRS", 120)
    np.testing.assert_array_equal(nearest_neighbors(queries, database, 7), whole)


@pytest.mark.parametrize("k", [0, 4, 1.0])
def test_refuses_a_k_that_the_database_cannot_fill(k):
    codes = np.zeros((3, 2), np.uint8)
    with pytest.raises(InputError, match="from 1 to 3"):
        nearest_neighbors(codes, codes, k)


def test_refuses_codes_of_another_width():
    with pytest.raises(InputError, match="query_codes has 1 bytes a row"):
        nearest_neighbors(np.zeros((3, 1), np.uint8), np.zeros((3, 2), np.uint8), 1)
