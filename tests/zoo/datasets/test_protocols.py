"""The protocols: their table, their splits of made-up images, and their splits of the real ones."""

import os

import numpy as np
import pytest

from classwise.zoo.datasets import (
    DATA_SETS,
    LabeledImages,
    Protocol,
    get_protocol,
    list_protocols,
    load_split,
    record_ids,
)
from classwise.zoo.datasets import protocol as protocol_module
from classwise.zoo.datasets.protocol_digests import digest, stored_digests
from classwise.zoo.datasets.protocols import PROTOCOLS, ROLES
from classwise.zoo.datasets.split_rules import (
    OfficialSplit,
    OfficialSplitWithValidation,
    Records,
    UnseenClasses,
)
from classwise.zoo.foundation.errors import InputError

# Photographs of the second half of the classes, counted in their folders.
CALTECH_JUDGED, FLOWERS_JUDGED = 3_950, 4_696

# images by role, as the table in PROTOCOLS.md and the papers have them (learning = training and
# validation), and classes learned
TABLE = {
    "cifar10-full": (10_000, 50_000, 50_000, 10),
    "cifar100-full": (10_000, 50_000, 50_000, 100),
    "fashion-mnist-full": (10_000, 60_000, 60_000, 10),
    "fashion-mosaic": (10_000, 60_000, 60_000, 10),
    "cifar10-5k-54k": (1_000, 54_000, 5_000, 10),
    "cifar10-5k-59k": (1_000, 59_000, 5_000, 10),
    "cifar10-unseen": (3_000, 15_000, 35_000, 7),
    "cifar100-unseen": (2_500, 12_500, 37_500, 75),
    "fashion-mnist-unseen": (3_000, 18_000, 42_000, 7),
    "clothing": (372, 3_068, 3_068 + 341, 10),
    "caltech101-unseen": (8_242, 8_242, 0, 0),
    "flowers102-unseen": (8_189, 8_189, 0, 0),
    "omniglot-unseen": (13_180, 13_180, 19_280, 964),
    "ukbench": (1_000, 1_000, 0, 0),
    "caltech101-half-unseen": (CALTECH_JUDGED, CALTECH_JUDGED, 8_242 - CALTECH_JUDGED, 50),
    "flowers102-half-unseen": (FLOWERS_JUDGED, FLOWERS_JUDGED, 8_189 - FLOWERS_JUDGED, 51),
    "cub200-unseen": (5_924, 5_924, 5_864, 100),
    "cars196-unseen": (8_131, 8_131, 8_054, 98),
    "sop-unseen": (60_502, 60_502, 59_551, 11_318),
    "imagenet-full": (50_000, 1_281_167, 1_281_167, 1_000),
}
# Every image asks all the others; their files lie in folders of the user's.
LEAVE_ONE_OUT = {name for name, row in TABLE.items() if row[0] == row[1]}
# Nobody here has their images: sizes are the published ones.
PUBLISHED = {"cub200-unseen", "cars196-unseen", "sop-unseen", "imagenet-full"}
# Splits that are as their authors drew them, classes of unequal size and all.
AS_GIVEN = {"clothing", *LEAVE_ONE_OUT, *PUBLISHED}
CLASS_NAMES = ("bag", "boot", "coat", "shirt")


def made_up(split, per_class):
    generator = np.random.default_rng(len(split))
    labels = generator.permutation(np.repeat(np.arange(4), per_class))
    images = generator.integers(0, 256, [len(labels), 3, 3, 1], dtype=np.uint8)
    ids = np.array([f"{split}_{i:05d}" for i in range(len(labels))])
    return LabeledImages("toy", split, images, labels, ids, CLASS_NAMES)


TRAIN, TEST = made_up("train", 10), made_up("test", 3)


def toy_protocol(rule, validation_per_class=2):
    return Protocol("toy", "toy", rule, validation_per_class, description="A toy.")


def validation_images(name):
    """How many images of a protocol's data set validate."""
    protocol = PROTOCOLS[name]
    if protocol.validation_per_class is None:
        return DATA_SETS[protocol.dataset].num_images["validation"]
    return TABLE[name][-1] * protocol.validation_per_class


def test_every_protocol_is_listed():
    assert list_protocols() == sorted(TABLE)
    assert all(get_protocol(name).name == name for name in TABLE)


def test_an_unknown_protocol_is_refused():
    with pytest.raises(InputError, match="did you mean 'cifar10-full'"):
        get_protocol("cifar10-ful")


def test_a_protocol_cannot_be_altered():
    with pytest.raises(AttributeError):
        get_protocol("cifar10-full").validation_per_class = 3


def test_roles_are_the_images_of_their_records():
    split = toy_protocol(OfficialSplit()).split(TRAIN, TEST)
    source = dict(zip(record_ids(TRAIN), TRAIN.ids, strict=True))
    source |= dict(zip(record_ids(TEST), TEST.ids, strict=True))
    for role in ROLES:
        images = getattr(split, role)
        ids = split.record_ids(role)
        assert images.ids.tolist() == [source[id] for id in ids]
        assert ids.tolist() == sorted(ids)
        for id, pixels, label in zip(images.ids, images.images, images.labels, strict=True):
            original = TRAIN if id.startswith("train") else TEST
            position = int(id[-5:])
            np.testing.assert_array_equal(pixels, original.images[position])
            assert label == original.labels[position]


def test_validation_is_carved_from_training_equally_many_a_class():
    split = toy_protocol(OfficialSplit()).split(TRAIN, TEST)
    assert np.bincount(split.validation.labels).tolist() == [2] * 4
    assert np.bincount(split.training.labels).tolist() == [8] * 4
    both = [*split.record_ids("training"), *split.record_ids("validation")]
    assert sorted(both) == sorted(record_ids(TRAIN))
    assert len(split.queries) == 12
    assert len(split.database) == 40


def test_learned_classes_are_numbered_without_gaps():
    split = toy_protocol(UnseenClasses(held_out=1)).split(TRAIN, TEST)
    [unseen] = set(range(4)) - set(split.seen_classes)
    assert set(split.queries.labels) == set(split.database.labels) == {unseen}
    assert split.queries.class_names == CLASS_NAMES
    for learned in (split.training, split.validation):
        assert set(learned.labels) == {0, 1, 2}
        assert learned.class_names == tuple(CLASS_NAMES[i] for i in split.seen_classes)
        original = [TRAIN.labels[int(id[-5:])] for id in learned.ids]
        assert split.seen_classes[learned.labels].tolist() == original


def test_the_order_of_the_source_changes_nothing():
    generator = np.random.default_rng(0)
    one = toy_protocol(UnseenClasses(held_out=1)).split(TRAIN, TEST)
    other = toy_protocol(UnseenClasses(held_out=1)).split(
        TRAIN.select(generator.permutation(len(TRAIN))),
        TEST.select(generator.permutation(len(TEST))),
    )
    for role in ROLES:
        np.testing.assert_array_equal(getattr(one, role).images, getattr(other, role).images)
        np.testing.assert_array_equal(getattr(one, role).labels, getattr(other, role).labels)


def test_another_data_set_or_swapped_splits_are_refused():
    with pytest.raises(InputError, match="was given toy:train, toy:test; it needs cifar10:train"):
        get_protocol("cifar10-full").split(TRAIN, TEST)
    with pytest.raises(InputError, match="was given toy:test, toy:train; it needs toy:train"):
        toy_protocol(OfficialSplit()).split(TEST, TRAIN)


def test_a_validation_split_of_its_own_is_learned_from_by_selecting_alone():
    validation = made_up("validation", 4)
    protocol = toy_protocol(OfficialSplitWithValidation(), validation_per_class=None)
    split = protocol.split(TRAIN, TEST, validation)
    assert sorted(split.record_ids("validation")) == sorted(record_ids(validation))
    for role in ("training", "database"):
        assert sorted(split.record_ids(role)) == sorted(record_ids(TRAIN))
    assert sorted(split.record_ids("queries")) == sorted(record_ids(TEST))
    with pytest.raises(InputError, match="it needs toy:train, toy:test, toy:validation"):
        protocol.split(TRAIN, TEST)


@pytest.mark.parametrize("altered", [False, True])
def test_loading_warns_when_the_split_is_not_the_recorded_one(altered, monkeypatch, recwarn):
    protocol = toy_protocol(OfficialSplit())
    split = protocol.split(TRAIN, TEST)
    recorded = {role: {"sha256": digest(split.record_ids(role))} for role in ROLES}
    monkeypatch.setattr(
        "classwise.zoo.datasets.protocol_digests.stored_digests", lambda: {"toy": recorded}
    )
    test_images = TEST.images.copy()
    test_images[5, 1, 1] ^= altered
    test = LabeledImages("toy", "test", test_images, TEST.labels, TEST.ids, CLASS_NAMES)
    monkeypatch.setattr(
        protocol_module, "load_split", lambda _, split, *args: {"train": TRAIN, "test": test}[split]
    )
    assert len(protocol.load().queries) == 12
    messages = [str(warning.message) for warning in recwarn]
    assert len(messages) == altered
    assert all("The queries of toy are not the recorded ones" in message for message in messages)


def test_every_split_is_recorded():
    recorded = stored_digests()
    assert sorted(recorded) == sorted(TABLE.keys() - PUBLISHED)
    for name in recorded:
        queries, database, learning, _ = TABLE[name]
        sizes = {role: recorded[name][role]["images"] for role in ROLES}
        validation = validation_images(name)
        assert sizes == {
            "queries": queries,
            "database": database,
            "training": learning - validation,
            "validation": validation,
        }


def check_roles(name, records, positions):
    """Asserts sizes, disjointness and class balance of a protocol's roles."""
    queries, database, learning, classes = TABLE[name]
    chosen = {role: set(positions[role]) for role in ROLES}
    learned = chosen["training"] | chosen["validation"]
    assert len(positions["queries"]) == len(chosen["queries"]) == queries
    assert len(positions["database"]) == len(chosen["database"]) == database
    assert len(positions["training"]) + len(positions["validation"]) == len(learned) == learning
    assert len(positions["validation"]) == validation_images(name)

    assert chosen["queries"].isdisjoint(chosen["database"] | learned)
    if name.endswith(("-54k", "-unseen")):
        assert learned.isdisjoint(chosen["database"])
    elif name in AS_GIVEN:
        assert chosen["training"] == chosen["database"]
    else:
        assert learned <= chosen["database"]

    if records.labels.ndim == 2:  # several labels an image
        assert records.labels[positions["training"]].any(axis=0).sum() == classes
        return
    for role in ROLES if name not in AS_GIVEN else ():
        sizes = np.bincount(records.labels[positions[role]])
        assert len(set(sizes[sizes > 0])) == 1, f"{role} has equally many images of every class"
    assert len(np.unique(records.labels[positions["training"]])) == classes


@pytest.mark.parametrize("name", sorted(TABLE.keys() - LEAVE_ONE_OUT - PUBLISHED))
def test_splits_of_made_up_records(name):
    """Every protocol, on records as many as its data set has."""
    known = DATA_SETS[PROTOCOLS[name].dataset]
    sizes = [known.num_images[split] for split in PROTOCOLS[name].splits]
    split = np.repeat(PROTOCOLS[name].splits, sizes)
    labels = np.concatenate([np.arange(size) % known.num_classes for size in sizes])
    ids = np.char.add(np.char.add(split, "_"), np.arange(len(split)).astype(str))
    records = Records(ids, labels, split == "test", split == "validation")
    check_roles(name, records, PROTOCOLS[name].roles(records))


@pytest.fixture(scope="module")
def real_splits():
    loaded = {}

    def load(dataset):
        if dataset not in loaded:
            loaded.clear()  # one data set at a time in memory
            loaded[dataset] = [
                load_split(dataset, split, os.environ.get("TFDS_DATA_DIR"), download=False)
                for split in ("train", "test")
            ]
        return loaded[dataset]

    return load


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", sorted(TABLE.keys() - AS_GIVEN, key=lambda name: (PROTOCOLS[name].dataset, name))
)
def test_real_splits_are_right_and_never_change(name, real_splits):
    split = PROTOCOLS[name].split(*real_splits(PROTOCOLS[name].dataset))
    in_test = np.char.startswith(split.ids, "test")
    check_roles(name, Records(split.ids, split.images.labels, in_test), split.positions)
    for role in ROLES:
        recorded = stored_digests()[name][role]
        assert len(getattr(split, role)) == recorded["images"]
        assert digest(split.record_ids(role)) == recorded["sha256"]
