"""Trainings that compute in bfloat16, and what they leave behind."""

import keras
import numpy as np
import pytest

from classwise.zoo import Hasher, InputError
from classwise.zoo.backbones import airbench
from classwise.zoo.training.precision import dtype_policy, in_float32
from tests.zoo.training.training_script import run, toy_images

SPLITS = (toy_images(96, "train", side=12), toy_images(32, "validation", side=12))


def policies(hasher):
    return {layer.dtype_policy.name for layer in (*hasher.layers, *hasher.backbone.layers)}


def test_the_copy_computes_in_float32_with_the_same_weights():
    with dtype_policy("mixed_bfloat16"):
        mixed = Hasher(airbench((12, 12, 3), width=4), 8, 3, class_names=("a", "b", "c"))
    assert keras.config.dtype_policy().name == "float32"
    assert "mixed_bfloat16" in policies(mixed)
    copy = in_float32(mixed)
    assert policies(copy) == {"float32"}
    assert copy.class_names == ("a", "b", "c")
    for mine, theirs in zip(copy.get_weights(), mixed.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    images = np.random.default_rng(0).integers(0, 256, (9, 12, 12, 3)).astype(np.uint8)
    exact, rounded = (model.embed(images, verbose=0) for model in (copy, mixed))
    np.testing.assert_allclose(rounded, exact, atol=0.1 * np.abs(exact).max())
    assert (rounded != exact).any()


@pytest.mark.large
@pytest.mark.parametrize("backbone", ["airbench", "resnet8"])
def test_a_mixed_training_ends_with_a_float32_hasher_that_scores_the_same(
    tmp_path, log_of, backbone
):
    finished = run(tmp_path / "run", SPLITS, backbone=backbone, precision="mixed_bfloat16")
    hasher = keras.saving.load_model(finished)
    assert policies(hasher) == {"float32"}
    centers = hasher.class_centers.get_centers()
    logits = hasher.embed(SPLITS[1].images, verbose=0) @ centers.T - (centers**2).sum(axis=1) / 2
    accuracy = (logits.argmax(axis=1) == SPLITS[1].labels).mean()
    best = max(line["val_accuracy"] for line in log_of(tmp_path / "run") if line["selectable"])
    assert accuracy == pytest.approx(best, abs=0.07)  # two images of 32


@pytest.mark.large
def test_whitening_is_computed_from_the_training_images(tmp_path):
    finished = run(tmp_path / "run", SPLITS, backbone="airbench")
    hasher = keras.saving.load_model(finished)
    kernel = hasher.backbone.get_layer("whitening").get_weights()[1]
    half = kernel.shape[-1] // 2
    np.testing.assert_array_equal(kernel[..., :half], -kernel[..., half:])


def test_an_unknown_precision_is_refused(tmp_path):
    with pytest.raises(InputError, match="did you mean 'mixed_bfloat16'"):
        run(tmp_path / "run", precision="mixed_float16")
