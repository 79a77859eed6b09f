"""A data set that lies in a folder a split, read by name."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from classwise.zoo import InputError
from classwise.zoo.datasets import load_split, read_images, stream_split
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.image_sources import open_images

CLASSES = ("dress", "hat")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Clothing-small with 5 and 3 photographs, in two classes."""
    random = np.random.default_rng(0)
    for split, count in (("train", 5), ("test", 3)):
        for name in CLASSES:
            (tmp_path / "clothing" / split / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (50, 40, 3), np.uint8)
            file = f"{split}/{CLASSES[number % 2]}/{number}.png"
            Image.fromarray(pixels).save(tmp_path / "clothing" / file)
    entry = dataclasses.replace(
        DATA_SETS["clothing"],
        num_classes=2,
        image_shape=(12, 10, 3),
        num_images={"train": 5, "test": 3},
    )
    monkeypatch.setitem(DATA_SETS, "clothing", entry)
    return tmp_path


def test_a_split_is_loaded(small):
    images = load_split("clothing", "train", small)
    assert (images.name, images.split, images.class_names) == ("clothing", "train", CLASSES)
    assert images.ids.tolist() == ["dress/0.png", "dress/2.png", "dress/4.png", *images.ids[3:]]
    assert images.labels.tolist() == [0, 0, 0, 1, 1]
    files = [small / "clothing" / "train" / id for id in images.ids]
    assert isinstance(images.images, np.ndarray)
    np.testing.assert_array_equal(images.images, read_images(files, (12, 10, 3)))


@pytest.mark.parametrize("first", [0, 3])
def test_the_same_images_stream(small, first):
    images = load_split("clothing", "train", small)
    parts = list(stream_split("clothing", "train", 2, small).after(first))
    assert [len(labels) for _, labels, _ in parts] == ([2, 2, 1] if first == 0 else [2])
    for column, whole in enumerate((images.images, images.labels, images.ids)):
        found = np.concatenate([part[column] for part in parts])
        np.testing.assert_array_equal(found, whole[first:])


def test_its_images_open_by_name(small):
    stream = open_images("clothing:test", data_dir=small).stream((6, 5, 3), 2)
    assert (stream.count, stream.class_names) == (3, CLASSES)
    assert [batch.images.shape for batch in stream.batches(0)] == [(2, 6, 5, 3), (1, 6, 5, 3)]


def test_what_is_missing_is_said_with_the_remedy(small, tmp_path):
    remedy = "clone https://github.com/alexeygrigorev/clothing-dataset-small"
    with pytest.raises(InputError, match=f"--data-dir.*'clothing/train'; {remedy}"):
        load_split("clothing", "train")
    with pytest.raises(InputError, match=f"'.*empty/clothing/train' is not a folder; {remedy}"):
        load_split("clothing", "train", tmp_path / "empty")
    (small / "clothing" / "train" / "hat" / "1.png").unlink()
    with pytest.raises(InputError, match=f"4 images in 2 classes where 5 in 2 are .*; {remedy}"):
        stream_split("clothing", "train", 2, small)
