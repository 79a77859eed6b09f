"""Halves of the classes, and queries from a validation split; sizes held to published ones."""

import dataclasses

import numpy as np
import pytest

from classwise.zoo.datasets import LabeledImages, Protocol, get_protocol, record_ids
from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.file_part import FilePart
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.datasets.record_ids import file_ids
from classwise.zoo.datasets.split_rules import FirstClasses, Records, ValidationAsks
from classwise.zoo.foundation.errors import InputError

NAMES = ("bag", "Boot", "coat", "dress", "hat", "shirt")


def split_of(name, labels):
    """Images of noise."""
    labels = np.array(labels)
    pixels = np.random.default_rng(len(name)).integers(0, 256, (len(labels), 2, 2, 1))
    ids = np.array([f"folder/{name}_{i}.JPEG" for i in range(len(labels))])
    return LabeledImages("toy", name, pixels.astype(np.uint8), labels, ids, NAMES)


TRAIN, TEST = split_of("train", [5, 0, 1, 2, 3, 4, 0, 1]), split_of("test", [3, 0, 5, 1, 2, 4, 3])


def test_both_splits_of_the_first_classes_are_learned_from_and_of_the_others_asked():
    split = Protocol("toy", "toy", FirstClasses(2), 1, "").split(TRAIN, TEST)
    everything = [*zip(TRAIN.ids, TRAIN.labels, strict=True)]
    everything += [*zip(TEST.ids, TEST.labels, strict=True)]
    assert set(split.queries.ids) == {id for id, label in everything if label >= 2}
    assert split.database is split.queries
    learned = {*split.training.ids, *split.validation.ids}
    assert learned == {id for id, label in everything if label < 2}
    assert sorted(split.validation.labels) == [0, 1]


def test_classes_that_are_none_do_not_count_among_the_first():
    split = Protocol("toy", "toy", FirstClasses(2, without=("boot",)), 0, "").split(TRAIN, TEST)
    assert split.training.class_names == ("bag", "coat")
    assert set(split.queries.labels) == {3, 4, 5}
    missing = Protocol("toy", "toy", FirstClasses(2, without=("glove",)), 0, "")
    with pytest.raises(InputError, match="toy has no class glove"):
        missing.split(TRAIN, TEST)


def test_the_validation_split_asks_and_is_not_learned_from():
    labels, validates = np.array([0, 1, 0, 1, 0]), np.array([0, 0, 1, 1, 0], bool)
    records = Records(np.arange(5).astype(str), labels, np.zeros(5, bool), validates)
    shares = ValidationAsks()(records, "toy")
    assert shares.queries.tolist() == validates.tolist()
    assert shares.database.tolist() == shares.learning.tolist() == (~validates).tolist()


def test_another_size_than_the_published_one_is_refused():
    protocol = Protocol(
        "toy", "toy", FirstClasses(2), 1, "", published={"learning": 6, "queries": 9}
    )
    assert len(protocol.split(TRAIN, TEST).queries) == 9
    for share, told in (("learning", "6 images of toy are learned from"), ("queries", "9 images")):
        other = dataclasses.replace(protocol, published={**protocol.published, share: 1_234})
        with pytest.raises(InputError, match=f"{told}.* where 1,234 are published"):
            other.split(TRAIN, TEST)


@pytest.mark.parametrize(
    "name", [name for name, protocol in PROTOCOLS.items() if protocol.published]
)
def test_published_sizes_are_those_of_the_data_set(name):
    """What learns and what asks are all the images of the splits together."""
    from classwise.zoo.datasets import DATA_SETS

    protocol = get_protocol(name)
    images = DATA_SETS[protocol.dataset].num_images
    assert sum(protocol.published.values()) == sum(images[split] for split in protocol.splits)


def test_files_of_the_same_name_are_the_same_record():
    assert file_ids(TRAIN)[:2].tolist() == ["train_train_0", "train_train_1"]
    by_name = Protocol("toy", "toy", FirstClasses(2), 1, "", by_name=True).split(TRAIN, TEST)
    assert sorted(by_name.ids) == sorted([*file_ids(TRAIN), *file_ids(TEST)])
    assert set(by_name.ids).isdisjoint(record_ids(TRAIN))


def test_a_part_of_a_file_is_read_like_a_file(tmp_path):
    from PIL import Image

    whole, shard = tmp_path / "whole.png", tmp_path / "shard"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(whole)
    content = whole.read_bytes()
    shard.write_bytes(b"before" + content + b"after")
    part = FilePart(shard, 6, len(content))
    images = EncodedImages([part, whole, content], (4, 4, 3))
    assert images.encoded(0) == images.encoded(1) == content
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images.select(np.array([2, 0]))[:], images[[1, 1]])
