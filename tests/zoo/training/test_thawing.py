"""Recipes whose frozen layers train too, after the head stood on them for some epochs."""

import keras
import numpy as np
import pytest

from classwise.zoo import InputError, load_backbone
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.presets.weight_files import named_weights, variables_by_path
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.frozen_trunk import FrozenTrunk
from classwise.zoo.training.recipe import Augmentation, Optimizer, Stage
from tests.zoo.training.training_script import run, toy_recipe

TRUNK = "dcwh_resnet9_fashion_mnist"
THAWED = {
    "backbone": "resnet9",
    "trunk": TRUNK,
    "frozen_until": "pool",
    "augmentation": Augmentation(flip=True),
    "optimizer": Optimizer(learning_rate=0.01, thawed_learning_rate=0.001),
    "stages": (Stage(2), Stage(1, frozen=False), Stage(1, {"vertex_weight": 0.01}, frozen=False)),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The finished model of an uninterrupted training."""
    return run(tmp_path_factory.mktemp("whole") / "run", **THAWED)


def stopped_after(epochs, monkeypatch, directory):
    """A training that Ctrl-C ends as soon as the checkpoint of some epoch is written."""
    save = EpochCheckpoint.on_epoch_end

    def on_epoch_end(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch + 1 == epochs:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EpochCheckpoint, "on_epoch_end", on_epoch_end)
        with pytest.raises(KeyboardInterrupt):
            run(directory, **THAWED)


def test_the_head_first_then_everything_but_statistics(tmp_path, whole, monkeypatch, log_of):
    trunk = named_weights(variables_by_path(load_backbone(TRUNK, (8, 8, 1))))
    stopped_after(2, monkeypatch, tmp_path / "run")
    head_only = keras.saving.load_model(tmp_path / "run" / "checkpoint.keras")
    assert type(head_only) is FeatureHasher
    after = named_weights(variables_by_path(keras.saving.load_model(whole).backbone))
    for name, weight in trunk.items():
        assert np.array_equal(weight, after[name]) == ("moving" in name), name
    log = log_of(whole.parent)
    assert [line["stage"] for line in log] == [1, 1, 2, 3]
    assert [line["selectable"] for line in log] == [False, False, False, True]
    assert ["feature_seconds" in line for line in log] == [True, False, False, False]
    best = keras.saving.load_model(whole.parent / "best.keras")
    assert int(keras.ops.convert_to_numpy(best.optimizer.iterations)) == 12  # its own: two epochs


@pytest.mark.large
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_it_goes_on_to_the_same_weights(tmp_path, whole, monkeypatch, log_of, epochs):
    stopped_after(epochs, monkeypatch, tmp_path / "run")
    if epochs == 3:  # what is frozen no more needs no features

        def never(*_):
            raise AssertionError

        monkeypatch.setattr(FrozenTrunk, "cache_both", never)
    resumed = run(tmp_path / "run", **THAWED)
    assert [line["epoch"] for line in log_of(tmp_path / "run")] == [1, 2, 3, 4]
    one, other = (keras.saving.load_model(path).get_weights() for path in (resumed, whole))
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": Optimizer()}, "thawed_learning_rate is None; it must be given"),
        ({"stages": (Stage(1),)}, "thawed_learning_rate is 0.001; it must be left out"),
        ({"stages": (Stage(1, frozen=False), Stage(1))}, "true first, then false"),
        ({"stages": (Stage(1, frozen=False),)}, "true first, then false"),
        ({"frozen_until": None}, "frozen_until is None; it must be a layer, to be thawed"),
        (
            {"cached_views": 3, "augmentation": Augmentation(shift=1)},
            "cached_views is 3; it must be at most the 2 epochs",
        ),
    ],
)
def test_what_cannot_be_thawed(changes, message):
    with pytest.raises(InputError, match=message):
        toy_recipe(**{**THAWED, **changes})
