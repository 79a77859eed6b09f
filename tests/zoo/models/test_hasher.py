"""Hasher: what it is made of, encodes, saves and refuses; runs on every backend."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from classwise.losses import DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher, InputError
from classwise.zoo.foundation.codes import pack_codes

METHODS = [(DCWHLoss, False), (VonMisesFisherLoss, True)]


def tiny_backbone(shape=(6, 6, 1), spatial=True):
    images = keras.Input(shape)
    features = layers.Rescaling(1 / 64, -2.0)(images)
    features = layers.Conv2D(8, 3, activation="relu")(features)
    features = layers.BatchNormalization()(features)
    return keras.Model(images, features if spatial else layers.Flatten()(features))


@pytest.fixture(scope="module")
def data():
    images = np.random.default_rng(0).integers(0, 256, (60, 6, 6, 1), np.uint8)
    return images, np.arange(60) % 3


@pytest.mark.parametrize("normalize", [False, True])
def test_codes_are_the_signs_of_embeddings(data, normalize):
    hasher = Hasher(tiny_backbone(), 12, 3, normalize)
    codes, embeddings = hasher.encode(data[0], verbose=0), hasher.embed(data[0], verbose=0)
    assert codes.dtype == np.uint8
    assert codes.shape == (60, 2)
    np.testing.assert_array_equal(codes, pack_codes(embeddings))
    if normalize:
        np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_embeddings_by_way_of_a_hidden_layer(data, spatial, normalize):
    hasher = Hasher(tiny_backbone(spatial=spatial), 12, 3, normalize, hidden_units=5)
    features = hasher.backbone.predict(data[0], verbose=0)
    features = features.mean(axis=(1, 2)) if spatial else features
    kernel, bias = hasher.hidden_layer.get_weights()
    bias = np.linspace(-0.5, 0.5, 5, dtype=np.float32)
    hasher.hidden_layer.set_weights([kernel, bias])
    hidden = np.maximum(features @ kernel + bias, 0)
    assert hidden.shape == (60, 5)
    assert 0 < (hidden > 0).mean() < 1
    kernel = hasher.hash_layer.get_weights()[0]
    bias = np.linspace(-1, 1, 12, dtype=np.float32)
    hasher.hash_layer.set_weights([kernel, bias])
    expected = hidden @ kernel + bias
    if normalize:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(hasher.embed(data[0], verbose=0), expected, atol=1e-5)


def settings(hasher):
    return {key: value for key, value in hasher.get_config().items() if key != "backbone"}


@pytest.mark.parametrize("hidden_units", [0, 16])
@pytest.mark.parametrize(("loss", "normalize"), METHODS)
def test_save_load_and_go_on(data, tmp_path, loss, normalize, hidden_units):
    keras.utils.set_random_seed(0)
    hasher = Hasher(tiny_backbone(), 12, 3, normalize, hidden_units=hidden_units)
    hasher.compile(keras.optimizers.AdamW(0.02), loss())
    history = hasher.fit(*data, batch_size=20, epochs=3, verbose=0).history["loss"]
    hasher.save(tmp_path / "mine.keras")
    twin = keras.saving.load_model(tmp_path / "mine.keras")
    assert settings(twin) == settings(hasher)
    for mine, other in zip(hasher.weights, twin.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(mine), ops.convert_to_numpy(other))
    np.testing.assert_array_equal(
        twin.encode(data[0], verbose=0), hasher.encode(data[0], verbose=0)
    )
    assert type(twin.loss) is loss
    after = twin.fit(*data, batch_size=20, verbose=0).history["loss"]
    assert after[-1] < history[0]


def test_centers_are_in_the_weights_and_not_trained():
    hasher = Hasher(tiny_backbone(), 12, 3)
    names = [weight.path for weight in hasher.weights]
    assert any(name.endswith("class_centers/centers") for name in names)
    assert not any("class_centers" in weight.path for weight in hasher.trainable_weights)


def test_any_keras_model_is_a_backbone():
    application = keras.applications.MobileNetV2(
        (32, 32, 3), alpha=0.35, include_top=False, weights=None
    )
    hasher = Hasher(application, 16, 4, class_names=("a", "b", "c", "d"))
    assert hasher.image_shape == (32, 32, 3)
    assert hasher.encode(np.zeros((2, 32, 32, 3), np.uint8), verbose=0).shape == (2, 2)
    flat = Hasher(tiny_backbone(spatial=False), 16, 4)
    assert flat.embed(np.zeros((2, 6, 6, 1), np.uint8), verbose=0).shape == (2, 16)


def test_encode_streams_a_dataset_with_or_without_labels(data):
    hasher = Hasher(tiny_backbone(), 12, 3)
    expected = hasher.encode(data[0], verbose=0)
    for dataset in (data, data[0]):
        batches = tf.data.Dataset.from_tensor_slices(dataset).batch(7)
        np.testing.assert_array_equal(hasher.encode(batches, verbose=0), expected)


@pytest.mark.parametrize("size", [1, 7, np.int64(59), 100])
def test_the_batch_size_changes_no_embedding(data, size):
    hasher = Hasher(tiny_backbone(), 12, 3)
    found = hasher.embed(data[0], batch_size=size, verbose=0)
    np.testing.assert_allclose(found, hasher.predict(data[0], verbose=0), atol=1e-5)


def test_no_images_give_no_codes(data):
    hasher = Hasher(tiny_backbone(), 12, 3)
    embeddings, codes = hasher.embed(data[0][:0], verbose=0), hasher.encode(data[0][:0], verbose=0)
    assert (embeddings.shape, embeddings.dtype) == ((0, 12), np.float32)
    assert (codes.shape, codes.dtype) == ((0, 2), np.uint8)


def test_float_images_give_the_codes_of_uint8(data):
    hasher = Hasher(tiny_backbone(), 12, 3)
    floats = hasher.encode(data[0].astype(np.float64), verbose=0)
    np.testing.assert_array_equal(floats, hasher.encode(data[0], verbose=0))


def test_integers_of_numpy_are_taken_as_plain_ones():
    arguments = {"code_length": np.int64(12), "num_classes": np.uint8(3), "seed": np.int32(7)}
    names = np.array(["a", "b", "c"])
    hasher = Hasher(tiny_backbone(), **arguments, normalize=np.True_, class_names=names)
    plain = {"code_length": 12, "num_classes": 3, "seed": 7, "normalize": True}
    config = settings(hasher)
    assert json.loads(json.dumps(config)) == config
    assert {key: config[key] for key in plain} == plain
    assert config["class_names"] == ["a", "b", "c"]
    twin = Hasher(tiny_backbone(), 12, 3, True, seed=7)
    np.testing.assert_array_equal(
        hasher.class_centers.get_centers(), twin.class_centers.get_centers()
    )


BAD_ARGUMENTS = {
    "code length 0": ({"code_length": 0}, "from 1 to 4096"),
    "code length -8": ({"code_length": -8}, "from 1 to 4096"),
    "code length 4097": ({"code_length": 4097}, "from 1 to 4096"),
    "code length True": ({"code_length": True}, "code_length is True"),
    "one class": ({"num_classes": 1}, "from 2 on"),
    "classes True": ({"num_classes": True}, "num_classes is True"),
    "classes 3.0": ({"num_classes": 3.0}, "num_classes is 3.0"),
    "hidden units -1": ({"hidden_units": -1}, "hidden_units is -1"),
    "hidden units 2.5": ({"hidden_units": 2.5}, "hidden_units is 2.5"),
    "seed 0.5": ({"seed": 0.5}, "seed is 0.5"),
    "seed -1": ({"seed": -1}, "seed is -1"),
    "too few names": ({"class_names": ("a", "b")}, "2 names for 3 classes"),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments(case):
    changes, message = BAD_ARGUMENTS[case]
    with pytest.raises(InputError, match=message):
        Hasher(tiny_backbone(), **{"code_length": 8, "num_classes": 3, **changes})


def test_bad_backbones():
    free = keras.Sequential([keras.Input((None, None, 3)), layers.GlobalAveragePooling2D()])
    with pytest.raises(InputError, match="input of fixed size"):
        Hasher(free, 8, 3)
    with pytest.raises(InputError, match="input of fixed size"):
        Hasher("resnet20", 8, 3)
    rows = keras.Sequential([keras.Input((4, 4, 1)), layers.Reshape((4, 4))])
    with pytest.raises(InputError, match="include_top=False"):
        Hasher(rows, 8, 3)


def test_a_backbone_of_another_class_is_wrapped(data, tmp_path):
    @keras.saving.register_keras_serializable("test_hasher")
    class Own(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.convolution = layers.Conv2D(4, 3)

        def build(self, shape):
            self.convolution.build(shape)

        def call(self, images):
            return self.convolution(images)

    with pytest.raises(InputError, match=r"a Own whose .* give keras\.Sequential\(\[keras\.Input"):
        Hasher(Own(), 8, 3)
    height, width, channels = 6, 6, 1
    backbone = keras.Sequential([keras.Input((height, width, channels)), Own()])
    hasher = Hasher(backbone, 8, 3)
    hasher.compile("sgd", DCWHLoss())
    hasher.fit(*data, verbose=0)
    hasher.save(tmp_path / "own.keras")
    twin = keras.saving.load_model(tmp_path / "own.keras")
    np.testing.assert_array_equal(twin.embed(data[0], verbose=0), hasher.embed(data[0], verbose=0))


def axes(*middle, shape=(6, 5, 2)):
    return keras.Sequential([keras.Input(shape), *middle])


def channels_first(**options):
    return layers.MaxPooling2D(2, data_format="channels_first", **options)


CHANNELS_FIRST = {
    "input": (axes(channels_first(), layers.Flatten()), r"shape \(6, 5, 2\), channels first"),
    "nested": (axes(axes(channels_first()), layers.Flatten()), "channels first"),
    "output": (axes(layers.Permute((3, 1, 2)), channels_first()), r"GlobalAveragePooling2D\("),
}


@pytest.mark.parametrize("case", CHANNELS_FIRST)
def test_channels_first_is_refused(case):
    backbone, message = CHANNELS_FIRST[case]
    with pytest.raises(InputError, match=message):
        Hasher(backbone, 8, 3)


def test_channels_first_inside_a_backbone_that_turns_its_axes_is_fine():
    turned = layers.Permute((3, 1, 2)), channels_first()
    pooled = layers.GlobalAveragePooling2D(data_format="channels_first")
    assert Hasher(axes(*turned, pooled), 8, 3).hash_layer.kernel.shape == (2, 8)
    back = axes(*turned, layers.Permute((2, 3, 1)))
    assert Hasher(back, 8, 3).hash_layer.kernel.shape == (2, 8)


def test_features_are_pooled_over_space_whatever_the_default_of_keras():
    backbone = tiny_backbone()
    keras.config.set_image_data_format("channels_first")
    try:
        hasher = Hasher(backbone, 8, 3)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert hasher.hash_layer.kernel.shape == (8, 8)


@pytest.mark.parametrize("mode", ["int8", "float8"])
def test_a_quantized_hasher_is_saved_and_loaded(data, tmp_path, mode):
    backbone = keras.Sequential(
        [keras.Input((6, 6, 1)), layers.Rescaling(1 / 64, -2.0), layers.Flatten(), layers.Dense(16)]
    )
    hasher = Hasher(backbone, 12, 3, hidden_units=8)
    hasher.compile("sgd", DCWHLoss())
    before = hasher.embed(data[0], verbose=0)
    hasher.quantize(mode)
    assert backbone.layers[-1].dtype_policy.quantization_mode == mode
    assert hasher.hash_layer.dtype_policy.name == "float32"
    after = hasher.embed(data[0], verbose=0)
    assert 0 < np.abs(after - before).max() < 0.2 * np.abs(before).max()
    hasher.save(tmp_path / "small.keras")
    twin = keras.saving.load_model(tmp_path / "small.keras")
    np.testing.assert_array_equal(twin.embed(data[0], verbose=0), after)


BAD_IMAGES = {
    "rank": (np.zeros((6, 6, 1), np.uint8), "rank 3"),
    "height": (np.zeros((2, 5, 6, 1), np.uint8), "height 5"),
    "width": (np.zeros((2, 6, 7, 1), np.uint8), "width 7"),
    "channels": (np.zeros((2, 6, 6, 3), np.uint8), "channels 3"),
    "dtype": (np.zeros((2, 6, 6, 1), complex), "complex128"),
    "negative": (np.full((2, 6, 6, 1), -1.0), "-1.0"),
    "above 255": (np.full((2, 6, 6, 1), 256.0), "256.0"),
    "NaN": (np.full((2, 6, 6, 1), np.nan), "nan"),
}


def test_bad_images_of_a_dataset():
    images = np.full((4, 6, 6, 1), 256.0)
    batches = tf.data.Dataset.from_tensor_slices((images, np.zeros(4))).batch(2)
    with pytest.raises(InputError, match=r"^images hold 256\.0 at \[0, 0, 0, 0\]"):
        Hasher(tiny_backbone(), 8, 3).encode(batches, verbose=0)


@pytest.mark.parametrize("size", [0, -1, 2.0, None, True])
def test_bad_batch_sizes(data, size):
    with pytest.raises(InputError, match=f"batch_size is {size}; it must be 1 or more"):
        Hasher(tiny_backbone(), 8, 3).embed(data[0], batch_size=size)


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images(case):
    images, message = BAD_IMAGES[case]
    with pytest.raises(InputError, match=message):
        Hasher(tiny_backbone(), 8, 3).encode(images, verbose=0)
