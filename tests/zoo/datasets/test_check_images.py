"""The boundary checks: what passes, and what every refusal says."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from classwise.zoo.datasets import check_images
from classwise.zoo.foundation.errors import InputError

SHAPE = (8, 6, 3)


def test_uint8_images_pass_without_a_copy():
    images = np.arange(2 * 8 * 6 * 3, dtype=np.uint8).reshape(2, 8, 6, 3)
    assert check_images(images, SHAPE) is images


def test_float32_images_pass_without_a_copy():
    images = np.full([2, *SHAPE], 100, np.float32)
    assert check_images(images, SHAPE) is images


def test_no_images_pass():
    assert check_images(np.zeros([0, *SHAPE]), SHAPE).shape == (0, *SHAPE)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int64", "uint16", "uint64"])
def test_other_integers_within_the_range_become_uint8(dtype):
    checked = check_images(np.full([1, *SHAPE], 101, dtype), SHAPE)
    assert checked.dtype == np.uint8
    assert (checked == 101).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_within_the_range_become_float32(dtype):
    images = np.full([1, *SHAPE], 100.5, dtype)
    images[0, 0, 0] = 255
    checked = check_images(images, SHAPE)
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, images)


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        ([2, 9, 6, 3], "height 9"),
        ([2, 8, 5, 3], "width 5"),
        ([2, 8, 6, 1], "channels 1"),
        ([8, 6, 3], r"images\[None\]"),
        ([2, 8, 6], "rank 3"),
        ([1, 2, 8, 6, 3], "rank 5"),
        ([], "rank 0"),
    ],
)
def test_a_wrong_shape_is_named(shape, named):
    with pytest.raises(InputError, match=named):
        check_images(np.zeros(shape, np.uint8), SHAPE)


def test_images_of_different_shapes_are_refused():
    with pytest.raises(InputError, match="one shape"):
        check_images([np.zeros([8, 6, 3]), np.zeros([7, 6, 3])], SHAPE)


@pytest.mark.parametrize("dtype", ["bool", "complex64", "object", "str"])
def test_a_wrong_dtype_is_named(dtype):
    with pytest.raises(InputError, match="dtype"):
        check_images(np.zeros([1, *SHAPE], dtype), SHAPE)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (-1, "int16"),
        (256, "int64"),
        (-0.5, "float32"),
        (255.5, "float64"),
        (np.nan, "float32"),
        (np.inf, "float64"),
        (-np.inf, "float16"),
    ],
)
def test_a_value_outside_0_to_255_is_named_with_its_place(value, dtype):
    images = np.full([2, *SHAPE], 7, dtype)
    images[1, 4, 3, 2] = value
    with pytest.raises(InputError, match=rf"hold {value} at \[1, 4, 3, 2\]"):
        check_images(images, SHAPE)


def test_floats_scaled_to_0_1_give_a_warning():
    with pytest.warns(UserWarning, match="multiply by 255"):
        check_images(np.full([1, *SHAPE], 0.5), SHAPE)


@pytest.mark.parametrize("images", [np.zeros([1, *SHAPE]), np.ones([1, *SHAPE], np.int64)])
def test_black_images_and_integers_give_no_warning(images):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_images(images, SHAPE)


@given(hnp.arrays(np.float64, (2, 2, 2, 1), elements=st.floats(-1, 300) | st.just(np.nan)))
def test_images_pass_exactly_when_every_value_does(images):
    allowed = all(0 <= value <= 255 for value in images.ravel().tolist())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if allowed:
            np.testing.assert_allclose(
                check_images(images, (2, 2, 1)), images, rtol=1e-6, atol=1e-6
            )
        else:
            with pytest.raises(InputError):
                check_images(images, (2, 2, 1))
