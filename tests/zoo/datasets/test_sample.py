import os

import numpy as np
import pytest

from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.datasets.tfds_images import load_split


def test_a_few_images_of_every_class():
    sample = load_sample()
    assert sample.images.shape == (2000, 28, 28, 1)
    assert sample.images.dtype == np.uint8
    assert np.bincount(sample.labels).tolist() == [200] * 10
    assert len(set(sample.ids)) == 2000


@pytest.mark.parametrize("name", ["images", "labels", "ids"])
def test_nobody_can_change_what_all_share(name):
    array = getattr(load_sample(), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = array[1]


def test_a_selection_can_be_changed():
    few = load_sample().select([0, 1])
    few.images[0] = few.images[1]
    assert not np.array_equal(few.images[0], load_sample().images[0])


@pytest.mark.real_data
def test_they_are_the_first_of_the_test_split():
    test = load_split("fashion_mnist", "test", os.environ.get("TFDS_DATA_DIR"), download=False)
    first = [np.flatnonzero(test.labels == label)[:200] for label in range(10)]
    expected, sample = test.select(np.sort(np.concatenate(first))), load_sample()
    np.testing.assert_array_equal(sample.images, expected.images)
    np.testing.assert_array_equal(sample.labels, expected.labels)
    assert sample.ids.tolist() == expected.ids.tolist()
    assert sample.class_names == expected.class_names
