"""Hasher as a Keras model; runs on every backend."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from classwise.losses import CenterUpdate, DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher, InputError, resnet
from classwise.zoo.codes import pack_codes

METHODS = [(DCWHLoss, False), (VonMisesFisherLoss, True)]


def tiny_backbone(shape=(6, 6, 1), spatial=True):
    images = keras.Input(shape)
    features = layers.Rescaling(1 / 64, -2.0)(images)
    features = layers.Conv2D(8, 3, activation="relu")(features)
    features = layers.BatchNormalization()(features)
    return keras.Model(images, features if spatial else layers.Flatten()(features))


@pytest.fixture(scope="module")
def data():
    """Three classes that differ in brightness."""
    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    noise = random.integers(0, 40, (60, 6, 6, 1))
    return (noise + 100 * labels[:, None, None, None] // 1).clip(0, 255).astype(np.uint8), labels


def trained(data, loss=DCWHLoss, normalize=False, epochs=8, **options):
    keras.utils.set_random_seed(0)
    hasher = Hasher(tiny_backbone(), 12, 3, normalize=normalize)
    optimizer = keras.optimizers.AdamW(0.02)
    hasher.compile(optimizer=optimizer, loss=loss(), metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices(data).shuffle(60, seed=0).batch(20)
    history = hasher.fit(
        batches, epochs=epochs, callbacks=[CenterUpdate()], verbose=0, shuffle=False, **options
    )
    return hasher, history.history


@pytest.mark.parametrize(("loss", "normalize"), METHODS)
def test_fit_learns_the_classes(data, loss, normalize):
    hasher, history = trained(data, loss, normalize)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["accuracy"][-1] > 0.9
    codes = hasher.encode(data[0], verbose=0)
    assert codes.dtype == np.uint8
    assert codes.shape == (60, 2)
    embeddings = hasher.embed(data[0], verbose=0)
    np.testing.assert_array_equal(codes, pack_codes(embeddings))
    if normalize:
        np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_accuracy_is_that_of_the_nearest_center(data):
    hasher, _ = trained(data, epochs=2)
    _, reported = hasher.evaluate(*data, verbose=0)
    embeddings = hasher.embed(data[0], verbose=0)
    centers = ops.convert_to_numpy(hasher.class_centers.centers)
    nearest = [np.argmin([np.sum((h - mu) ** 2) for mu in centers]) for h in embeddings]
    assert reported == pytest.approx(np.mean(nearest == data[1]))


def settings(hasher):
    return {key: value for key, value in hasher.get_config().items() if key != "backbone"}


@pytest.mark.parametrize(("loss", "normalize"), METHODS)
def test_save_load_and_go_on(data, tmp_path, loss, normalize):
    hasher, history = trained(data, loss, normalize, epochs=3)
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
    assert after[-1] < history["loss"][0]


def test_centers_are_in_the_weights_and_not_trained(data):
    hasher, _ = trained(data, epochs=1)
    names = [weight.path for weight in hasher.weights]
    assert any(name.endswith("class_centers/centers") for name in names)
    assert not any("class_centers" in weight.path for weight in hasher.trainable_weights)


def test_gradients_leave_the_centers_alone(data):
    hasher = Hasher(tiny_backbone(), 12, 3)
    before = ops.convert_to_numpy(hasher.class_centers.centers)
    hasher.compile(optimizer="sgd", loss=DCWHLoss())
    hasher.fit(*data, verbose=0)
    np.testing.assert_array_equal(ops.convert_to_numpy(hasher.class_centers.centers), before)


def test_multi_hot_labels_and_sample_weights(data):
    labels = np.eye(3, dtype=np.uint8)[data[1]]
    labels[:5] = 1
    hasher = Hasher(tiny_backbone(), 12, 3)
    hasher.compile(optimizer="sgd", loss=DCWHLoss())
    hasher.fit(data[0], labels, sample_weight=np.ones(60), verbose=0, callbacks=[CenterUpdate()])
    counts = ops.convert_to_numpy(hasher.class_centers.counts)
    np.testing.assert_array_equal(counts, labels.sum(axis=0))


def test_mixed_precision_gives_float32_embeddings(data):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        hasher, history = trained(data, epochs=2)
    finally:
        keras.config.set_dtype_policy(policy)
    assert hasher.embed(data[0][:2], verbose=0).dtype == np.float32
    assert np.isfinite(history["loss"]).all()


def test_another_loss_trains_as_in_keras(data):
    hasher = Hasher(tiny_backbone(), 3, 3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    hasher.compile(optimizer="sgd", loss=loss, metrics=["accuracy"])
    history = hasher.fit(*data, epochs=2, verbose=0).history
    assert set(history) == {"loss", "accuracy"}


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


def test_float_images_give_the_codes_of_uint8(data):
    hasher = Hasher(tiny_backbone(), 12, 3)
    floats = hasher.encode(data[0].astype(np.float64), verbose=0)
    np.testing.assert_array_equal(floats, hasher.encode(data[0], verbose=0))


BAD_ARGUMENTS = {
    "code length 0": ({"code_length": 0}, "from 1 to 4096"),
    "code length -8": ({"code_length": -8}, "from 1 to 4096"),
    "code length 4097": ({"code_length": 4097}, "from 1 to 4096"),
    "one class": ({"num_classes": 1}, "from 2 on"),
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


def test_loss_and_geometry_must_fit(data):
    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile(optimizer="sgd", loss=VonMisesFisherLoss())
    with pytest.raises(InputError, match="normalize=True"):
        hasher.fit(*data, verbose=0)


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


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_bad_images(case):
    images, message = BAD_IMAGES[case]
    with pytest.raises(InputError, match=message):
        Hasher(tiny_backbone(), 8, 3).encode(images, verbose=0)


BAD_LABELS = {
    "too large": (np.array([0, 3]), "label 3 at index 1"),
    "negative": (np.array([-1, 0]), "label -1 at index 0"),
    "float": (np.array([0.0, 1.0]), "must be integers"),
    "too few": (np.array([0]), "1 labels for 2 images"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_labels(case):
    labels, message = BAD_LABELS[case]
    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile(optimizer="sgd", loss=DCWHLoss())
    with pytest.raises(InputError, match=message):
        hasher.fit(np.zeros((2, 6, 6, 1), np.uint8), labels, verbose=0)


def test_bad_batches_of_a_dataset(data):
    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile(optimizer="sgd", loss=DCWHLoss())

    def fit(*arrays):
        arrays = arrays if len(arrays) > 1 else arrays[0]
        hasher.fit(tf.data.Dataset.from_tensor_slices(arrays).batch(20), verbose=0)

    with pytest.raises(InputError, match="yields images of shape"):
        fit(data[0][:, :5], data[1])
    with pytest.raises(InputError, match="float32 labels"):
        fit(data[0], data[1].astype(np.float32))
    with pytest.raises(InputError, match=r"yields \(images, labels\)"):
        fit(data[0])
    with pytest.raises(InputError, match="multi-hot"):
        fit(data[0], np.zeros((60, 4), np.int64))
    with pytest.raises(tf.errors.InvalidArgumentError, match="class ids from 0 to 2"):
        fit(data[0], data[1] + 1)


def test_resnet_rejects_other_depths():
    with pytest.raises(InputError, match="6n \\+ 2"):
        resnet(18)


def test_resnet_has_its_depth():
    kinds = (layers.Conv2D, layers.Dense)
    model = resnet(20, (28, 28, 1))
    weighted = [layer for layer in model.layers if isinstance(layer, kinds)]
    assert len([layer for layer in weighted if "shortcut" not in layer.name]) == 19  # + hash layer
    assert model.output_shape == (None, 64)
