"""Features to fit to: made up in groups, and those of the bundled photographs."""

import numpy as np
import pytest

from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.trunk_encoder import (
    DEFAULT_TRUNK,
    feature_hasher,
    find_trunk,
    load_trunk,
)

GROUPS, OF_A_GROUP, WIDTH = 8, 25, 24


@pytest.fixture(scope="session")
def grouped():
    """Features of 200 items in 8 groups, float32 `[200, 24]`, and their groups."""
    random = np.random.default_rng(0)
    means = random.normal(size=(GROUPS, 1, WIDTH))
    features = means + 0.6 * random.normal(size=(GROUPS, OF_A_GROUP, WIDTH))
    return features.reshape(-1, WIDTH).astype(np.float32), np.arange(200) // OF_A_GROUP


@pytest.fixture(scope="session")
def short_plan():
    """A plan whose descent takes a second."""
    return FittingPlan(steps=60, steps_a_round=20, axes=16, head_axes=24)


@pytest.fixture(scope="session")
def clothing():
    """The bundled photographs, their trunk at 96 pixels, and its features of them."""
    images = load_sample("clothing", (96, 96, 3))
    trunk = load_trunk(find_trunk(DEFAULT_TRUNK), 96)
    return images, trunk, feature_hasher(trunk).embed(images.images, verbose=0)
