"""`ItemStacks` against a tally of what it was piled from."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from classwise.zoo.retrieval.item_stacks import ItemStacks


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("multi_hot", [False, True])
@given(groups=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=1, max_size=20))
def test_every_item_keeps_its_count(size, multi_hot, groups):
    ids, counts = np.array(sorted(groups)).T
    counts = np.random.default_rng(0).permutation(counts)
    labels = np.uint8([[i & 1, i >> 1] for i in ids]) if multi_hot else ids
    codes = np.arange(len(ids), dtype=np.uint8)[:, None]
    stacks = ItemStacks.pile(codes, labels, counts, size)
    found = Counter()
    for items, label, count in zip(stacks.codes, stacks.labels, stacks.counts, strict=True):
        assert items.shape == (size, 1)
        for (code,) in items:
            assert np.array_equal(label, labels[code])
            found[int(code)] += count
    assert found == dict(enumerate(counts.tolist()))
    alone = len(set(zip(ids.tolist(), counts.tolist(), strict=True)))  # at most one a group
    assert len(stacks) <= (len(ids) if size == 1 else (len(ids) + alone) // 2)


def test_an_odd_item_is_both_items_of_its_stack():
    stacks = ItemStacks.pile(np.uint8([[5], [6], [7]]), np.zeros(3, int), np.array([4, 1, 1]), 2)
    assert stacks.codes[..., 0].tolist() == [[6, 7], [5, 5]]
    assert stacks.counts.tolist() == [1, 2]
