import keras
import numpy as np
import pytest

from classwise.zoo import Hasher
from classwise.zoo.fitting import trunk_encoder as module
from classwise.zoo.fitting.trunk_encoder import (
    feature_hasher,
    find_trunk,
    load_trunk,
    onnx_encoder,
    open_trunk,
    trunk_identity,
)
from classwise.zoo.foundation.errors import InputError

PRESET = "dcwh_resnet9_fashion_mnist_48"


@pytest.fixture(scope="module")
def trunk():
    return load_trunk(find_trunk(PRESET))


def images(count=3):
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), np.uint8)


def test_embeddings_are_the_trunks_output(trunk):
    found = open_trunk(trunk, 3).encode_batch(images())["embeddings"]
    np.testing.assert_array_equal(found, trunk.predict_on_batch(images()))


def test_feature_maps_are_averaged_over_space():
    inputs = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(5, 3)(inputs)
    backbone = keras.Model(inputs, maps)
    pixels = images()[:, :8, :8]
    found = feature_hasher(backbone).embed(pixels, verbose=0)
    wanted = backbone.predict_on_batch(pixels).mean(axis=(1, 2))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_many_images_run_in_onnx_runtime(trunk, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(module, "MANY", 3)
    assert open_trunk(trunk, 2).engine == "Keras"
    encoder = open_trunk(trunk, 3)
    assert encoder.engine == "ONNX Runtime on cpu"
    wanted = trunk.predict_on_batch(images())
    np.testing.assert_allclose(encoder.encode_batch(images())["embeddings"], wanted, atol=1e-4)


def test_without_the_extra_keras_runs(trunk, monkeypatch):
    def refused(*arguments):
        raise InputError("the onnx extra is missing")

    monkeypatch.setattr("classwise.export.formats.preset_part.write_onnx_part", refused)
    assert onnx_encoder(feature_hasher(trunk)) is None


def test_a_hasher_of_ones_own_lends_its_backbone(tmp_path, trunk):
    Hasher(trunk, 12, 3).save(tmp_path / "mine.keras")
    found = find_trunk(tmp_path / "mine.keras")
    np.testing.assert_array_equal(
        load_trunk(found).predict_on_batch(images()), trunk.predict_on_batch(images())
    )
    assert trunk_identity(found) != trunk_identity(find_trunk(PRESET))
    with pytest.raises(InputError, match="image_size is 96; leave it out"):
        load_trunk(found, 96)


def test_what_is_no_trunk(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"onnx")
    with pytest.raises(InputError, match="is no trunk"):
        find_trunk(tmp_path / "model.onnx")
    with pytest.raises(InputError, match="did you mean 'efficientnet_lite0_imagenet'"):
        find_trunk("efficientnet_lite0_imagenett")
