import dataclasses

import numpy as np
import pytest

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.training.image_digest import image_digest


@pytest.fixture(params=["in memory", "files"])
def images(request):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 3, 1)).astype(np.uint8)
    source = pixels if request.param == "in memory" else Undecoded(6)
    ids = np.array(list("uvwxyz"))
    return LabeledImages("toy", "train", source, np.arange(6) % 3, ids, ("bag", "coat", "hat"))


class Undecoded:
    """Image files that nobody may decode."""

    def __init__(self, count):
        self.shape = (count, 4, 3, 1)

    def __getitem__(self, key):
        raise AssertionError("decoded")

    def select(self, indices):
        return Undecoded(len(indices))


def test_equal_images_are_equal(images):
    assert image_digest(images) == image_digest(images.select(np.arange(6)))
    assert image_digest(images)["images"] == 6


def test_order_labels_classes_and_number_count(images):
    labels = images.labels.copy()
    labels[0] = 1
    others = (
        images.select(np.array([3, 1, 2, 0, 4, 5])),  # of two images with the same label
        images.select(np.arange(5)),
        dataclasses.replace(images, labels=labels),
        dataclasses.replace(images, class_names=("bag", "coat", "cap")),
    )
    digests = {image_digest(one)["sha256"] for one in (images, *others)}
    assert len(digests) == 5


def test_pixels_count_in_memory_and_names_in_files(images):
    in_memory = isinstance(images.images, np.ndarray)
    renamed = dataclasses.replace(images, ids=np.array(list("abcdef")))
    assert (image_digest(renamed) == image_digest(images)) == in_memory
    if in_memory:
        pixels = images.images.copy()
        pixels[5, 3, 2, 0] ^= 1
        assert image_digest(dataclasses.replace(images, images=pixels)) != image_digest(images)
        flat = dataclasses.replace(images, images=images.images.reshape(6, 3, 4, 1))
        assert image_digest(flat) != image_digest(images)
