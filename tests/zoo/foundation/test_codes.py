import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from classwise.zoo.foundation.codes import check_code_length, pack_codes
from classwise.zoo.foundation.errors import InputError

EMBEDDINGS = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 70)),
    elements=st.floats(-2, 2, width=32),
)


@given(EMBEDDINGS)
def test_codes_equal_a_loop_over_bits(embeddings):
    count, length = embeddings.shape
    expected = np.zeros((count, -(-length // 8)), np.uint8)
    for row in range(count):
        for k in range(length):
            if embeddings[row, k] > 0:
                expected[row, k // 8] |= 1 << (7 - k % 8)
    codes = pack_codes(embeddings)
    np.testing.assert_array_equal(codes, expected)
    bits = np.unpackbits(codes, axis=-1, count=length)
    np.testing.assert_array_equal(bits, embeddings > 0)


def test_zero_is_bit_zero():
    assert pack_codes(np.array([[0.0, -0.0, 1e-30]])).tolist() == [[0b00100000]]


@pytest.mark.parametrize("length", [0, -1, 4097, 1.5, "48", None, True])
def test_bad_code_lengths(length):
    with pytest.raises(InputError, match="from 1 to 4096"):
        check_code_length(length)


@pytest.mark.parametrize("length", [4096, np.int64(4096)])
def test_longest_code(length):
    checked = check_code_length(length)
    assert checked == 4096
    assert type(checked) is int
