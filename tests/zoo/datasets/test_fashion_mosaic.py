"""Fashion mosaics, taken apart again; and a protocol of images with several labels."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from classwise.zoo.datasets import LabeledImages, Protocol, load_split
from classwise.zoo.datasets.catalogue import fashion_mosaic
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.datasets.split_rules import OfficialSplit, Records, draw_per_class
from classwise.zoo.foundation.errors import InputError

SAMPLE = load_sample("fashion_mnist").select(np.arange(0, 2000, 5))


class SampleSource:
    needs_data_dir = False

    def load(self, data_set, split, data_dir, download):
        return dataclasses.replace(SAMPLE, split=split)


@pytest.fixture
def mosaics(monkeypatch):
    garments = dataclasses.replace(fashion_mosaic.GARMENTS, source=SampleSource())
    monkeypatch.setattr(fashion_mosaic, "GARMENTS", garments)
    return load_split("fashion_mosaic", "test")


def test_every_cell_is_black_or_a_garment_whose_label_the_mosaic_has(mosaics):
    known = {image.tobytes(): place for place, image in enumerate(SAMPLE.images)}
    counts, places = Counter(), Counter()
    assert mosaics.image_shape == (56, 56, 1)
    for number, image in enumerate(mosaics.images):
        found = []
        for cell in range(4):
            top, left = 28 * (cell // 2), 28 * (cell % 2)
            part = image[top : top + 28, left : left + 28]
            if part.any():
                found.append(known[np.ascontiguousarray(part).tobytes()])
                places[cell] += 1
        assert number in found
        row = np.zeros(10, np.uint8)
        row[SAMPLE.labels[found]] = 1
        np.testing.assert_array_equal(mosaics.labels[number], row)
        counts[len(found)] += 1
    assert sorted(counts) == [1, 2, 3, 4]
    assert min(counts.values()) > 60  # of 100 each
    assert min(places.values()) > 200  # of 250 each


def test_they_are_the_same_every_time_and_others_in_another_split(mosaics):
    again = load_split("fashion_mosaic", "test")
    np.testing.assert_array_equal(mosaics.images, again.images)
    train = load_split("fashion_mosaic", "train")
    assert (mosaics.labels != train.labels).any()
    batches = list(fashion_mosaic.MosaicSource().stream(
        fashion_mosaic.DATA_SETS[0], "test", 150, None, False))  # fmt: skip
    np.testing.assert_array_equal(
        np.concatenate([labels for _, labels, _ in batches]), again.labels
    )


def test_a_protocol_of_images_with_several_labels():
    random = np.random.default_rng(0)

    def split(name, count):
        labels = random.integers(0, 2, (count, 4)).astype(np.uint8)
        labels[:, 2] = 0  # a class without images
        pixels = random.integers(0, 256, (count, 2, 2, 1)).astype(np.uint8)
        ids = np.array([f"{name}_{i}" for i in range(count)])
        return LabeledImages("toy", name, pixels, labels, ids, ("a", "b", "c", "d"))

    train = split("train", 40)
    images = Protocol("toy", "toy", OfficialSplit(), 2, "A toy.").split(train, split("test", 7))
    assert (len(images.training), len(images.validation), len(images.queries)) == (32, 8, 7)
    assert images.seen_classes.tolist() == [0, 1, 3]
    assert images.training.class_names == ("a", "b", "d")
    by_id = dict(zip(train.ids, train.labels[:, [0, 1, 3]], strict=True))
    for id, row in zip(images.training.ids, images.training.labels, strict=True):
        np.testing.assert_array_equal(row, by_id[id])


def test_too_few_images_to_draw_from():
    records = Records(np.array(["a", "b"]), np.ones((2, 3), np.uint8), np.zeros(2, bool))
    with pytest.raises(InputError, match="there are 2 images to draw from; 3 are needed"):
        draw_per_class(records, np.ones(2, bool), 1, "seed")
