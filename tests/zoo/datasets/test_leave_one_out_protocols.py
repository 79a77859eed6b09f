"""Protocols under which every image asks all the others."""

import os

import numpy as np
import pytest

from classwise.zoo.datasets import LabeledImages, Protocol, get_protocol
from classwise.zoo.datasets.protocols import ROLES
from classwise.zoo.datasets.split_rules import LeaveOneOut

# Images that ask, and those that are learned from, training and validation.
SIZES = {
    "caltech101-unseen": (8_242, 0),
    "flowers102-unseen": (8_189, 0),
    "omniglot-unseen": (13_180, 19_280),
    "ukbench": (1_000, 0),
    "caltech101-half-unseen": (3_950, 4_292),
    "flowers102-half-unseen": (4_696, 3_493),
}


def test_every_image_asks_the_same_object():
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)
    names = ("bag", "boot", "coat", "shirt")
    everything = LabeledImages(
        "toy", "all", images, np.arange(12) % 4, np.arange(12).astype(str), names
    )
    split = Protocol("toy", "toy", LeaveOneOut(without=("coat",)), 0, "").split(everything)
    assert split.database is split.queries
    assert sorted(split.queries.labels) == sorted([0, 1, 3] * 3)
    assert len(split.training) == len(split.validation) == 0
    resized = split.resized((4, 4, 3))
    assert resized.database is resized.queries


@pytest.mark.real_data
@pytest.mark.large
@pytest.mark.parametrize("name", sorted(SIZES))
def test_judged_sets_are_the_recorded_ones(name, recwarn):
    """They lie in TFDS_DATA_DIR, where tools/publish/lay_out_photos.py puts them."""
    split = get_protocol(name).load(os.environ.get("TFDS_DATA_DIR"), download=False)
    assert not [warning for warning in recwarn if "recorded" in str(warning.message)]
    queries, database, training, validation = (len(split.record_ids(role)) for role in ROLES)
    assert queries == database
    assert (queries, training + validation) == SIZES[name]
