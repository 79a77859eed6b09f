import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from classwise.zoo.training.random_erasing import erase_square


def erased(image, size, top, left):
    """A loop over the pixels; halves of the mean are rounded up."""
    height, width, channels = image.shape
    result = image.copy()
    for channel in range(channels):
        total = sum(int(value) for value in image[:, :, channel].flat)
        mean = int(np.floor(total / (height * width) + 0.5))
        for row in range(height):
            for column in range(width):
                if 0 <= row - top < size and 0 <= column - left < size:
                    result[row, column, channel] = mean
    return result


def outcomes(image, size):
    """Every image that an erased square can leave, by the square's center."""
    height, width, _ = image.shape
    return {
        (row, column): erased(image, size, row - size // 2, column - size // 2)
        for row in range(height)
        for column in range(width)
    }


@settings(max_examples=25)
@given(st.data())
def test_it_is_one_of_the_squares_that_can_be(data):
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from([1, 3])))
    size = data.draw(st.integers(1, 7))
    seed = data.draw(st.tuples(*[st.integers(-(2**62), 2**62)] * 2))
    pixels = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 256, shape)
    image = pixels.astype(np.uint8)
    found = erase_square(tf.constant(image), size, tf.constant(seed, tf.int64))
    assert found.dtype == tf.uint8
    assert any(np.array_equal(found, other) for other in outcomes(image, size).values())


@pytest.mark.parametrize("size", [2, 3])
def test_every_place_comes_equally_often(size):
    image = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(np.uint8)
    centers = {other.tobytes(): center for center, other in outcomes(image, size).items()}
    assert len(centers) == 20
    seeds = tf.stack([tf.range(2000, dtype=tf.int64), tf.zeros(2000, tf.int64)], axis=1)
    images = tf.data.Dataset.from_tensor_slices(seeds).map(
        lambda seed: erase_square(tf.constant(image), size, seed)
    )
    counts = dict.fromkeys(centers.values(), 0)
    for one in images.as_numpy_iterator():
        counts[centers[one.tobytes()]] += 1
    chi_square = sum((count - 100) ** 2 / 100 for count in counts.values())
    assert chi_square < 43.8  # 19 degrees of freedom: 1 in 1,000


def test_the_seed_decides():
    image = tf.constant(np.random.default_rng(0).integers(0, 256, (9, 9, 1)).astype(np.uint8))
    one, same, other = (
        erase_square(image, 3, tf.constant([seed, 7], tf.int64)).numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
