import keras
import numpy as np
import pytest
from keras import ops

from classwise.zoo import InputError
from classwise.zoo.backbones import airbench, build_backbone
from classwise.zoo.backbones.airbench import Dirac


def test_shapes_and_size():
    backbone = airbench((28, 28, 1))
    assert backbone.input_shape == (None, 28, 28, 1)
    assert backbone.output_shape == (None, 256)
    widths = [(8, 64), (64, 64), (64, 256), (256, 256), (256, 256), (256, 256)]
    # Whitening: four pixels to eight filters, and their bias. Normalization has no scale.
    assert backbone.count_params() == 4 * 8 + 8 + sum(9 * i * o + 3 * o for i, o in widths)
    assert airbench().output_shape == (None, 256)


def test_a_dirac_kernel_passes_its_input_on():
    kernel = Dirac()((3, 3, 5, 8))
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 5)).astype(np.float32)
    y = ops.convert_to_numpy(ops.conv(x, kernel, padding="same"))
    np.testing.assert_allclose(y[..., :5], x, rtol=1e-6)
    assert y[..., 5:].std() > 0.1
    narrowing = ops.convert_to_numpy(ops.conv(x, Dirac()((3, 3, 5, 2)), padding="same"))
    np.testing.assert_allclose(narrowing, x[..., :2], rtol=1e-6)


def test_a_saved_model_is_loaded_with_its_initializers_and_whitening(tmp_path):
    backbone = build_backbone("airbench", (12, 12, 3), width=2)
    images = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3)).astype(np.float32)
    backbone.get_layer("whitening").adapt([images / 64 - 2])
    backbone.save(tmp_path / "backbone.keras")
    loaded = keras.saving.load_model(tmp_path / "backbone.keras")
    expected = backbone.predict(images, verbose=0)
    np.testing.assert_allclose(loaded.predict(images, verbose=0), expected, rtol=1e-6)


@pytest.mark.parametrize(("shape", "width"), [((8, 9, 3), 64), ((9, 9), 64), ((9, 9, 3), 0)])
def test_bad_sizes_are_refused(shape, width):
    with pytest.raises(InputError, match=r"input_shape is|width is"):
        airbench(shape, width)
