"""The boundary of labels: what passes, and what every refusal says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import check_labels


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
@pytest.mark.parametrize("num_classes", [3, None])
def test_class_ids_become_int64(dtype, num_classes):
    checked = check_labels("labels", np.array([0, 2, 1], dtype), 3, num_classes)
    assert checked.dtype == np.int64
    assert checked.tolist() == [0, 2, 1]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
@pytest.mark.parametrize("num_classes", [3, None])
def test_multi_hot_labels_become_uint8(dtype, num_classes):
    labels = np.array([[1, 0, 1], [0, 0, 0]], dtype)
    checked = check_labels("labels", labels, 2, num_classes)
    assert checked.dtype == np.uint8
    assert checked.tolist() == [[1, 0, 1], [0, 0, 0]]


@given(st.lists(st.integers(-3, 9), min_size=1), st.integers(2, 7))
def test_an_id_passes_if_and_only_if_it_is_a_class(ids, num_classes):
    allowed = all(0 <= one < num_classes for one in ids)
    if allowed:
        assert check_labels("labels", ids, len(ids), num_classes).tolist() == ids
    else:
        with pytest.raises(InputError, match=f"integers from 0 to {num_classes - 1}"):
            check_labels("labels", ids, len(ids), num_classes)


WRONG = [
    ([0, 1, 3, 4], "labels row 2 is 3; class ids must be integers from 0 to 2"),
    ([0, -1, 1, 1], "labels row 1 is -1"),
    ([0.0, 1.0, 2.0, 0.5], "labels is float64; class ids must be integers"),
    ([True, False, True, True], "labels is bool"),
    (["a", "b", "c", "a"], "labels is <U1"),
    ([0, 1, 2], "labels has shape (3,) for 4 items"),
    ([0, 1, 2, 0, 1], "labels has shape (5,) for 4 items"),
    ([[0], [1], [3], [0]], "labels row 2 is 3; class ids must be integers from 0 to 2"),
    ([[0], [1], [2]], "labels has shape (3, 1) for 4 items"),
    ([[0.0], [1.0], [2.0], [0.0]], "labels is float64; class ids must be integers"),
    (0, "labels has shape ()"),
    ([[1, 0, 1]] * 3 + [[0, 2, 0]], "labels row 3 holds 2 for class 1"),
    ([[1.0, 0.0, 1.0]] * 3 + [[0.0, np.nan, 0.0]], "labels row 3 holds nan for class 1"),
    ([[0.5, 0.5, 0.0]] * 4, "labels row 0 holds 0.5 for class 0"),
    ([["a", "b", "c"]] * 4, "labels is <U1"),
]


@pytest.mark.parametrize(("labels", "message"), WRONG)
def test_wrong_labels_are_named(labels, message):
    with pytest.raises(InputError) as error:
        check_labels("labels", labels, rows=4, num_classes=3)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("num_classes", [3, None])
def test_a_column_is_class_ids(num_classes):
    checked = check_labels("labels", np.uint8([[2], [0], [1]]), 3, num_classes)
    assert checked.dtype == np.int64
    assert checked.tolist() == [2, 0, 1]


def test_soft_labels_pass_where_they_may():
    soft = np.array([[0.25, 0.75, 0.0], [1, 0, 0]])
    checked = check_labels("labels", soft, 2, 3, soft=True)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, soft)
    assert check_labels("labels", soft.round(), 2, 3, soft=True).dtype == np.uint8


@pytest.mark.parametrize("wrong", [-0.5, 1.5, np.nan, np.inf])
def test_what_is_no_share_is_refused_among_soft_labels(wrong):
    labels = [[0.5, 0.5], [1.0, wrong]]
    with pytest.raises(InputError, match=f"row 1 holds {wrong} for class 1; .* from 0 to 1"):
        check_labels("labels", labels, 2, 2, soft=True)


def test_ids_that_int64_cannot_hold_are_refused():
    labels = np.array([1, 2**63], np.uint64)
    with pytest.raises(InputError, match=r"row 1 is 9223372036854775808; .* from 0 below 2\^63"):
        check_labels("query_labels", labels, rows=2)
    assert check_labels("labels", labels - 1, rows=2).tolist() == [0, 2**63 - 1]
