import keras
import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.backbones.patch_whitening import SMALLEST_VARIANCE, PatchWhitening


def smooth_images(channels):
    """Images whose neighboring pixels and channels are alike, as those of photos are."""
    random = np.random.default_rng(0)
    coarse = random.normal(size=(50, 5, 6, channels)).repeat(2, axis=1).repeat(2, axis=2)
    fine = random.normal(scale=0.2, size=coarse.shape)
    return (coarse.mean(axis=-1, keepdims=True) + 0.3 * coarse + fine).astype(np.float32)


@pytest.mark.parametrize(("size", "channels"), [(2, 3), (3, 1)])
def test_patches_become_uncorrelated_with_unit_variance(size, channels):
    images = smooth_images(channels)
    layer = PatchWhitening(size)
    layer.adapt([images[:20], images[20:]])
    outputs = keras.ops.convert_to_numpy(layer(images))
    assert outputs.shape == layer.compute_output_shape(images.shape)
    outputs = outputs.reshape(-1, outputs.shape[-1])
    half = outputs.shape[1] // 2
    np.testing.assert_allclose(outputs[:, :half], -outputs[:, half:], atol=1e-5)
    second_moments = outputs[:, :half].T @ outputs[:, :half] / len(outputs)
    np.testing.assert_allclose(second_moments, np.eye(half), atol=0.05)

    # The same filters, patch by patch from the formula.
    patches = np.stack(
        [
            image[top : top + size, left : left + size].ravel()
            for image in images
            for top in range(images.shape[1] - size + 1)
            for left in range(images.shape[2] - size + 1)
        ]
    ).astype(np.float64)
    moments = sum(np.outer(patch, patch) for patch in patches) / len(patches)
    values, vectors = np.linalg.eigh(moments)
    expected = patches @ vectors / np.sqrt(values + SMALLEST_VARIANCE)
    np.testing.assert_allclose(np.abs(outputs[:, :half]), np.abs(expected), atol=2e-3)


def test_filters_are_fixed_and_only_the_bias_is_trained():
    layer = PatchWhitening()
    layer.build((None, 8, 8, 3))
    assert [weight.name for weight in layer.trainable_weights] == ["bias"]
    assert [weight.name for weight in layer.non_trainable_weights] == ["kernel"]


def test_it_computes_in_float32_under_a_mixed_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        assert PatchWhitening().compute_dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


def test_a_frozen_layer_stays_frozen_in_its_copies():
    layer = PatchWhitening(trainable=False)
    assert not PatchWhitening.from_config(layer.get_config()).trainable


def test_adapting_to_nothing_is_refused():
    with pytest.raises(InputError, match="no images"):
        PatchWhitening().adapt([])


@pytest.mark.parametrize("size", [0, 1.5, True])
def test_a_bad_size_is_refused(size):
    with pytest.raises(InputError, match="1 or more pixels"):
        PatchWhitening(size)
