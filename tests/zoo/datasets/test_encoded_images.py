"""Images that stay files until they are used."""

import io

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.datasets import LabeledImages, read_images, record_ids
from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.resized_images import resize, resizing_of


@pytest.fixture
def files(tmp_path):
    """Paths of two photographs of different sizes, and the bytes of a third."""
    random = np.random.default_rng(0)
    found = []
    for number, size in enumerate(((40, 30, 3), (25, 50, 3), (33, 33, 3))):
        buffer = io.BytesIO()
        Image.fromarray(random.integers(0, 256, size, np.uint8)).save(buffer, "PNG")
        (tmp_path / f"{number}.png").write_bytes(buffer.getvalue())
        found.append(tmp_path / f"{number}.png")
    return [*found[:2], found[2].read_bytes()]


def test_they_are_read_when_indexed(files):
    images = EncodedImages(files, (12, 10, 3))
    whole = read_images(files, (12, 10, 3))
    assert images.shape == whole.shape == (3, 12, 10, 3)
    for key in (1, -1, slice(1, None), np.array([2, 0]), np.array([[0, 1], [2, 2]])):
        np.testing.assert_array_equal(images[key], whole[key])
    np.testing.assert_array_equal(images.select(np.array([2, 0]))[:], whole[[2, 0]])
    mask = np.array([True, False, True])
    np.testing.assert_array_equal(images.select(mask)[:], whole[mask])


def test_another_size_is_read_from_the_files_not_resized_twice(files):
    images = EncodedImages(files, (12, 10, 3))
    labeled = LabeledImages(
        "toy", "all", images, np.zeros(3, int), np.arange(3).astype(str), ("x",)
    )
    found = resize(labeled, (30, 20, 3))
    np.testing.assert_array_equal(found.images[:], read_images(files, (30, 20, 3)))
    assert resizing_of(labeled, (30, 20, 3)) == ""


def test_ids_follow_files_and_labels_whatever_the_size_and_the_place(files):
    def ids(given, size, label=0):
        images = EncodedImages(given, (size, size, 3))
        names = np.arange(3).astype(str)
        return record_ids(
            LabeledImages("toy", "all", images, np.array([label, 0, 0]), names, ("x", "y"))
        ).tolist()

    in_memory = [file if isinstance(file, bytes) else file.read_bytes() for file in files]
    assert ids(files, 8) == ids(in_memory, 16)
    assert ids(files, 8)[1:] == ids(files, 8, label=1)[1:]
    assert ids(files, 8)[0] != ids(files, 8, label=1)[0]
    copies = ids([files[2]] * 3, 8)
    assert copies[1:] == [f"{copies[0]}_2", f"{copies[0]}_3"]


def test_parts_are_joined(files):
    one = EncodedImages(files, (8, 8, 3))
    joined = EncodedImages.joined([one, one.select(np.array([1]))])
    np.testing.assert_array_equal(joined[:], one[np.array([0, 1, 2, 1])])
