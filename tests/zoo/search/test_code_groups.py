import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classwise.zoo import InputError
from classwise.zoo.search.code_groups import CodeGroups


def some_codes(seed, count, code_length, distinct):
    """Packed codes of which at most `distinct` are distinct."""
    random = np.random.default_rng(seed)
    kinds = np.packbits(random.integers(0, 2, (distinct, code_length)), axis=1)
    return kinds[random.integers(0, distinct, count)]


def in_order(query, codes):
    """(distance, group, item) of all items, by a loop over every pair of codes."""
    first = {}
    for item, code in enumerate(codes):
        first.setdefault(code.tobytes(), item)
    bits = np.unpackbits(codes, axis=1) != np.unpackbits(query)
    rows = [
        (int(b.sum()), first[c.tobytes()], i)
        for i, (b, c) in enumerate(zip(bits, codes, strict=True))
    ]
    return sorted(rows)


cases = given(
    seed=st.integers(0, 99),
    count=st.integers(1, 60),
    code_length=st.sampled_from([1, 7, 8, 12, 48, 64, 70, 256]),
    distinct=st.integers(1, 60),
    k=st.integers(1, 60),
)


@cases
@settings(deadline=None)
def test_the_nearest_items(seed, count, code_length, distinct, k):
    codes, k = some_codes(seed, count, code_length, distinct), min(k, count)
    queries = np.concatenate([codes[:2], some_codes(seed + 1, 3, code_length, 3)])
    found = CodeGroups(codes, code_length).nearest(queries, k)
    for query, items, distances in zip(queries, *found, strict=True):
        expected = in_order(query, codes)[:k]
        assert items.tolist() == [item for _, _, item in expected]
        assert distances.tolist() == [distance for distance, _, _ in expected]


@cases
@settings(deadline=None)
def test_whole_groups(seed, count, code_length, distinct, k):
    codes, k = some_codes(seed, count, code_length, distinct), min(k, count)
    found = CodeGroups(codes, code_length).nearest(codes[:3], k, whole_groups=True)
    for query, items in zip(codes[:3], found.items, strict=True):
        expected = in_order(query, codes)
        last = expected[k - 1][:2]
        assert items.tolist() == [item for *group, item in expected if tuple(group) <= last]


@pytest.mark.parametrize("distinct", [30, 5000])
def test_distances_are_those_of_faiss(distinct):
    codes, queries = some_codes(0, 5000, 64, distinct), some_codes(1, 50, 64, 50)
    index = faiss.IndexBinaryFlat(64)
    index.add(codes)
    expected, _ = index.search(queries, 100)
    np.testing.assert_array_equal(np.stack(CodeGroups(codes).nearest(queries, 100)[1]), expected)


def test_ties_among_many_codes_come_in_order():
    random = np.random.default_rng(0)
    codes = random.permutation(np.arange(2**16, dtype=np.uint16)).view(np.uint8).reshape(-1, 2)
    items, distances = CodeGroups(codes).nearest(codes[:4], 500)
    for query, found, apart in zip(codes[:4], items, distances, strict=True):
        expected = np.bitwise_count(codes ^ query).sum(axis=1)
        order = np.lexsort((np.arange(len(codes)), expected))[:500]
        assert found.tolist() == order.tolist()
        assert apart.tolist() == expected[order].tolist()


def test_what_does_not_fit():
    groups = CodeGroups(some_codes(0, 20, 12, 20), 12)
    query = some_codes(1, 1, 12, 1)
    for k in (0, 21, 1.5, True):
        with pytest.raises(InputError, match="use 1 to 20"):
            groups.nearest(query, k)
    with pytest.raises(InputError, match="bytes a row"):
        groups.nearest(np.zeros((1, 3), np.uint8), 1)
