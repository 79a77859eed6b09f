import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError, read_images
from classwise.zoo.datasets.sample import load_sample, sample_folder
from classwise.zoo.datasets.splits import load_split


def test_a_few_images_of_every_class():
    sample = load_sample("fashion_mnist")
    assert sample.images.shape == (2000, 28, 28, 1)
    assert sample.images.dtype == np.uint8
    assert np.bincount(sample.labels).tolist() == [200] * 10
    assert len(set(sample.ids)) == 2000


def test_photographs_of_every_class():
    sample = load_sample()
    assert sample is load_sample()
    assert sample.images.shape == (200, 224, 224, 3)
    assert np.bincount(sample.labels).tolist() == [20] * 10
    first = read_images([sample_folder() / sample.ids[0]], (224, 224, 3))
    np.testing.assert_array_equal(sample.images[:1], first)
    assert Path(sample.ids[0]).parent.name == sample.class_names[sample.labels[0]]


def test_photographs_come_at_the_size_asked_for():
    assert load_sample("clothing", (32, 48, 1)).image_shape == (32, 48, 1)


def test_photographs_hold_no_metadata_and_are_small():
    files = list(sample_folder().glob("*/*.jpg"))
    assert sum(file.stat().st_size for file in files) < 3e6
    for file in files:
        with Image.open(file) as image:
            assert min(image.size) <= 224
            assert not image.getexif()


def test_their_source_and_license_are_named():
    notice = (sample_folder().parent / "NOTICE.md").read_text(encoding="utf-8")
    assert "clothing-dataset-small" in notice
    assert "CC0" in notice


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cloting"], "did you mean 'clothing'"),
        (["fashion_mnist", (32, 32, 3)], "has \\(28, 28, 1\\)"),
    ],
)
def test_what_no_sample_is(arguments, message):
    with pytest.raises(InputError, match=message):
        load_sample(*arguments)


@pytest.mark.parametrize("sample", ["clothing", "fashion_mnist"])
@pytest.mark.parametrize("name", ["images", "labels", "ids"])
def test_nobody_can_change_what_all_share(sample, name):
    array = getattr(load_sample(sample), name)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = array[1]


def test_a_selection_can_be_changed():
    few = load_sample("fashion_mnist").select([0, 1])
    few.images[0] = few.images[1]
    assert not np.array_equal(few.images[0], load_sample("fashion_mnist").images[0])


@pytest.mark.real_data
def test_they_are_the_first_of_the_test_split():
    test = load_split("fashion_mnist", "test", os.environ.get("TFDS_DATA_DIR"), download=False)
    first = [np.flatnonzero(test.labels == label)[:200] for label in range(10)]
    expected, sample = test.select(np.sort(np.concatenate(first))), load_sample("fashion_mnist")
    np.testing.assert_array_equal(sample.images, expected.images)
    np.testing.assert_array_equal(sample.labels, expected.labels)
    assert sample.ids.tolist() == expected.ids.tolist()
    assert sample.class_names == expected.class_names
