import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError, read_images
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.resized_images import resize


def labeled(shape, count=5):
    images = np.random.default_rng(0).integers(0, 256, (count, *shape)).astype(np.uint8)
    labels = np.arange(count) % 2
    return LabeledImages("toy", "train", images, labels, np.arange(count).astype(str), ("a", "b"))


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((8, 8, 3), (24, 24, 3)), ((8, 10, 1), (16, 16, 3)), ((12, 12, 3), (6, 5, 1))],
)
def test_pixels_are_those_of_a_file_read_at_that_size(tmp_path, shape, wanted):
    images = labeled(shape)
    resized = resize(images, wanted)
    assert (resized.image_shape, len(resized)) == (wanted, 5)
    for i, pixels in enumerate(images.images):
        file = tmp_path / f"{i}.png"
        Image.fromarray(pixels.squeeze()).save(file)
        np.testing.assert_array_equal(resized.images[i], read_images(file, wanted)[0])
    batch, labels = next(iter(resized.batches(3)))
    np.testing.assert_array_equal(batch, resized.images[:3])
    np.testing.assert_array_equal(labels, images.labels[:3])


def test_selection_comes_before_resizing():
    resized = resize(labeled((8, 8, 3)), (9, 9, 3))
    chosen = resized.select(np.array([4, 0]))
    np.testing.assert_array_equal(chosen.images[1], resized.images[0])
    np.testing.assert_array_equal(chosen.select([True, False]).images[0], resized.images[4])


def test_the_same_size_changes_nothing():
    images = labeled((8, 8, 3))
    assert resize(images, (8, 8, 3)) is images
    with pytest.raises(InputError, match="image_shape"):
        resize(images, (8, 8, 2))
