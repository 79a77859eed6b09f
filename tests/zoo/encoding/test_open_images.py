"""What `open_images` opens: splits of data sets, at the size of the model."""

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.encoding.encode_to_file import open_images
from classwise.zoo.foundation.errors import InputError


@pytest.mark.real_data
def test_a_split_goes_on_in_the_middle_of_a_batch():
    opened = open_images("fashion_mnist:test", (28, 28, 1), batch_size=300)
    next(opened.batches(0))
    whole = opened.batches(0)  # from the start again
    rest = open_images("fashion_mnist:test", (28, 28, 1), batch_size=256).batches(301)
    _, (_, *after) = next(whole), next(rest)
    second = next(whole)[1:]
    for column, expected in zip(after, second, strict=True):
        assert column[:50].tolist() == expected[1:51].tolist()


@pytest.mark.real_data
def test_images_of_a_split_come_at_the_models_size():
    opened = open_images("fashion_mnist:test", (14, 14, 1), batch_size=3)
    assert opened.resizing == "images (28, 28, 1) resized to (14, 14, 1)"
    images, _, _ = next(opened.batches(5))
    first, _, _ = next(open_images("fashion_mnist:test", (28, 28, 1), batch_size=8).batches(0))
    for resized, pixels in zip(images, first[5:], strict=True):
        small = Image.fromarray(pixels[..., 0]).resize((14, 14), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(resized[..., 0], small)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("fashion:test", "Unknown data set 'fashion'"),
        ("cifar10", "give cifar10:train or cifar10:test"),
        ("cifar", "'cifar' is not a folder"),
    ],
)
def test_images_that_are_not_there(source, message):
    with pytest.raises(InputError, match=message):
        open_images(source, (28, 28, 1))
