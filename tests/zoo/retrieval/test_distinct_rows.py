"""`distinct_rows` against a dictionary."""

import numpy as np
import pytest

from classwise.zoo.retrieval.distinct_rows import distinct_rows


@pytest.mark.parametrize("width", [1, 6, 8, 9, 17, 64])
@pytest.mark.parametrize("largest", [1, 10, 2**40])
def test_equals_a_dictionary(width, largest):
    random = np.random.default_rng(width)
    kinds = random.integers(0, 256, (20, width), np.uint8)
    codes = kinds[random.integers(0, 20, 400)]
    labels = random.integers(0, 3, 400) * (largest // 2)
    index, inverse, counts = distinct_rows(labels, codes)
    rows = [(int(label), code.tobytes()) for label, code in zip(labels, codes, strict=True)]
    tally = {row: rows.count(row) for row in rows}
    assert {rows[i]: count for i, count in zip(index, counts, strict=True)} == tally
    assert [rows[i] for i in index[inverse]] == rows
    assert np.all(np.diff(labels[index]) >= 0)  # ordered by the first part
