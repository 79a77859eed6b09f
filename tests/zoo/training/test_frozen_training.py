"""Recipes that train the upper layers of a pretrained backbone on cached features."""

import keras
import numpy as np
import pytest

from classwise.zoo import Hasher, InputError, load_backbone
from classwise.zoo.presets.weight_files import named_weights, variables_by_path
from classwise.zoo.training.environment import device_kind
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.recipe import Augmentation
from classwise.zoo.training.run_directory import training_minutes
from tests.zoo.training.training_script import run, toy_images

TRUNK = "dcwh_resnet9_fashion_mnist"
FROZEN = {
    "backbone": "resnet9",
    "trunk": TRUNK,
    "frozen_until": "stage2_relu",
    "augmentation": Augmentation(flip=True),
}


def backbone_weights(path):
    hasher = keras.saving.load_model(path)
    assert type(hasher) is Hasher
    return named_weights(variables_by_path(hasher.backbone))


@pytest.mark.large
def test_layers_up_to_there_keep_their_weights_and_the_others_learn(tmp_path, log_of):
    finished = run(tmp_path / "run", **FROZEN)
    before = named_weights(variables_by_path(load_backbone(TRUNK, (8, 8, 1))))
    after = backbone_weights(finished)
    for name, weight in before.items():
        frozen = name.startswith(("stem", "stage1", "stage2")) or "moving" in name
        assert np.array_equal(weight, after[name]) == frozen, name
    assert not (tmp_path / "run" / "features").exists()
    images = toy_images(32, "validation")
    hasher = keras.saving.load_model(finished)
    logits = hasher.class_centers.get_centers() @ hasher.embed(images.images, verbose=0).T
    logits -= (hasher.class_centers.get_centers() ** 2).sum(axis=1, keepdims=True) / 2
    log = log_of(tmp_path / "run")
    best = max(line["val_accuracy"] for line in log if line["selectable"])
    # Computed from the images in float32, where validation saw features in float16.
    assert (logits.argmax(axis=0) == images.labels).mean() == pytest.approx(best, abs=0.04)


@pytest.mark.large
@pytest.mark.parametrize(
    "views",
    [
        {},
        {"cached_views": 3, "augmentation": Augmentation(flip=True, shift=1)},
        {"hidden_units": 12},
    ],
)
def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path, monkeypatch, log_of, views):
    frozen = {**FROZEN, "frozen_until": "pool", **views}
    whole = backbone_weights(run(tmp_path / "whole", **frozen)), tmp_path / "whole"
    save = EpochCheckpoint.on_epoch_end

    def stop_after_the_second(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EpochCheckpoint, "on_epoch_end", stop_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "run", features=tmp_path / "features", **frozen)
    written = sorted((tmp_path / "features").iterdir())
    assert [file.suffix for file in written] == [".npy", ".seconds"] * 2
    resumed = run(tmp_path / "run", features=tmp_path / "features", **frozen)
    assert sorted((tmp_path / "features").iterdir()) == written
    told = ["feature_seconds" in line for line in log_of(tmp_path / "run")]
    assert told == [True, False, False, False, False]  # once, though two processes read them
    one, other = (
        keras.saving.load_model(path).get_weights() for path in (resumed, whole[1] / "hasher.keras")
    )
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    trunk = named_weights(variables_by_path(load_backbone(TRUNK, (8, 8, 1))))
    for name, weight in whole[0].items():
        np.testing.assert_array_equal(weight, trunk[name])


def test_the_log_tells_backend_device_and_the_seconds_of_the_features_once(tmp_path, log_of):
    run(tmp_path / "run", features=tmp_path / "features", **{**FROZEN, "frozen_until": "pool"})
    log = log_of(tmp_path / "run")
    assert {line["backend"] for line in log} == {keras.backend.backend()}
    assert {line["device"] for line in log} == {device_kind()}
    assert log[0]["versions"]["keras"] == keras.__version__
    assert [*log[0]["versions"]] == ["classwise", "keras", "numpy", keras.backend.backend()]
    assert not any("versions" in line for line in log[1:])
    kept = sum(float(file.read_text()) for file in (tmp_path / "features").glob("*.seconds"))
    assert [line.get("feature_seconds") for line in log] == [round(kept, 1)] + [None] * 4
    epochs = sum(line["seconds"] for line in log)
    assert training_minutes(log) == round((epochs + round(kept, 1)) / 60, 1)


def test_a_trunk_of_another_backbone_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a resnet9; recipe toy trains a resnet8"):
        run(tmp_path / "run", **{**FROZEN, "backbone": "resnet8"})
    with pytest.raises(InputError, match="did you mean 'dcwh_resnet9_fashion_mnist'"):
        run(tmp_path / "run", **{**FROZEN, "trunk": "dcwh_resnet9_fashion_mnst"})
    assert not (tmp_path / "run").exists()
