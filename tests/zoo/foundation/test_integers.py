import numpy as np
import pytest

from classwise.zoo.foundation.integers import as_integer


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.array(3)])
def test_integers_become_plain(value):
    assert type(as_integer(value)) is int
    assert as_integer(value) == 3


@pytest.mark.parametrize("value", [True, np.True_, 3.0, np.float32(3), "3", None, np.array([3, 4])])
def test_all_else_is_no_integer(value):
    assert as_integer(value) is None
