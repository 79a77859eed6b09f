import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classwise.zoo import InputError
from classwise.zoo.search.int8_embeddings import cosines, quantize

VECTORS = arrays(np.float32, (5, 16), elements=st.floats(-100, 100, width=32))


@given(VECTORS, st.integers(0, 4))
@settings(deadline=None)
def test_cosines_are_those_of_the_floats_to_within_the_rounding(vectors, query):
    vectors[np.abs(vectors).max(axis=1) < 1e-3] = 1
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    found = cosines(vectors[query], quantize(vectors))
    # Half a step of 1/127 of the largest component, 16 of them: at most sqrt(16) / 254.
    np.testing.assert_allclose(found, unit @ unit[query], atol=4 / 254 + 1e-5)


def test_the_scale_of_a_row_is_its_own():
    rows = np.float32([[1e-8, 2e-8], [3e6, -1e6], [0, 0]])
    assert quantize(rows).tolist() == [[64, 127], [127, -42], [0, 0]]


def test_nothing_is_near_a_row_of_zeros():
    assert cosines(np.zeros(3, np.float32), np.int8([[1, 2, 3]])).tolist() == [0]
    assert cosines(np.float32([1, 2, 3]), np.int8([[0, 0, 0]])).tolist() == [0]


def test_nan_is_refused():
    with pytest.raises(InputError, match="row 1 holds NaN"):
        quantize(np.float32([[1, 2], [np.nan, 1]]))
