import numpy as np
import pytest

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.pair_distances import pair_distances


def naive_pairs(queries, query_labels, items, item_labels, code_length):
    """Counts pair by pair; multi-hot labels need one in common."""
    same, different = np.zeros((2, code_length + 1), int)
    for query, query_label in zip(queries, query_labels, strict=True):
        for item, item_label in zip(items, item_labels, strict=True):
            distance = sum(
                bin(int(a) ^ int(b)).count("1") for a, b in zip(query, item, strict=True)
            )
            related = np.ndim(query_label) == 0 and query_label == item_label
            related = related or (np.ndim(query_label) == 1 and (query_label & item_label).any())
            (same if related else different)[distance] += 1
    return same, different


@pytest.mark.parametrize("multi_hot", [False, True])
def test_equals_a_naive_loop(multi_hot):
    rng = np.random.default_rng(1)
    draw_labels = {
        False: lambda n: rng.integers(0, 3, n),
        True: lambda n: rng.integers(0, 2, (n, 4), dtype=np.uint8),
    }[multi_hot]
    # A few distinct codes, so that merged items with counts above 1 occur on both sides.
    pool = np.packbits(rng.integers(0, 2, (6, 11), dtype=np.uint8), axis=1)
    args = (pool[rng.integers(0, 6, 20)], draw_labels(20), pool[rng.integers(0, 6, 30)])
    args = (*args, draw_labels(30))
    same, different = pair_distances(*args, code_length=11)
    np.testing.assert_array_equal((same, different), naive_pairs(*args, 11))
    assert same.sum() + different.sum() == 600


def test_refuses_labels_of_another_length():
    codes = np.zeros((3, 1), np.uint8)
    with pytest.raises(InputError, match="database_labels"):
        pair_distances(codes, np.arange(3), codes, np.arange(2))
