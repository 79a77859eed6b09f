"""Training by class-wise losses; runs on every backend."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from classwise.losses import CenterUpdate, DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher, InputError

METHODS = [(DCWHLoss, False), (VonMisesFisherLoss, True)]


def tiny_backbone():
    images = keras.Input((6, 6, 1))
    features = layers.Rescaling(1 / 64, -2.0)(images)
    features = layers.Conv2D(8, 3, activation="relu")(features)
    return keras.Model(images, layers.BatchNormalization()(features))


@pytest.fixture(scope="module")
def data():
    """Three classes that differ in brightness."""
    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    noise = random.integers(0, 40, (60, 6, 6, 1))
    return (noise + 100 * labels[:, None, None, None]).astype(np.uint8), labels


@pytest.fixture
def hasher():
    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile(optimizer="sgd", loss=DCWHLoss())
    return hasher


def trained(data, loss=DCWHLoss, normalize=False, epochs=8):
    keras.utils.set_random_seed(0)
    hasher = Hasher(tiny_backbone(), 12, 3, normalize=normalize)
    optimizer = keras.optimizers.AdamW(0.02)
    hasher.compile(optimizer=optimizer, loss=loss(), metrics=["accuracy"])
    batches = tf.data.Dataset.from_tensor_slices(data).shuffle(60, seed=0).batch(20)
    update = [CenterUpdate()]
    history = hasher.fit(batches, epochs=epochs, callbacks=update, verbose=0, shuffle=False)
    return hasher, history.history


@pytest.mark.parametrize(("loss", "normalize"), METHODS)
def test_fit_learns_the_classes(data, loss, normalize):
    _, history = trained(data, loss, normalize)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert history["accuracy"][-1] > 0.9


def test_accuracy_is_that_of_the_nearest_center(data):
    hasher, _ = trained(data, epochs=2)
    _, reported = hasher.evaluate(*data, verbose=0)
    embeddings = hasher.embed(data[0], verbose=0)
    centers = ops.convert_to_numpy(hasher.class_centers.centers)
    nearest = [np.argmin([np.sum((h - mu) ** 2) for mu in centers]) for h in embeddings]
    assert reported == pytest.approx(np.mean(nearest == data[1]))


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


def test_labels_of_another_loss_need_not_be_classes(data):
    hasher = Hasher(tiny_backbone(), 3, 3)
    hasher.compile(optimizer="sgd", loss="mse")
    targets = np.full((60, 3), 0.5)
    hasher.fit(data[0], targets, verbose=0)
    with pytest.raises(InputError, match="height 5"):
        hasher.fit(data[0][:, :5], targets, verbose=0)


def test_loss_and_geometry_must_fit(data):
    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile(optimizer="sgd", loss=VonMisesFisherLoss())
    with pytest.raises(InputError, match="normalize=True"):
        hasher.fit(*data, verbose=0)


def test_arguments_may_be_given_by_position_as_in_keras(hasher, data):
    params = hasher.fit(*data, 16, 2, 0).params
    assert (params["steps"], params["epochs"]) == (4, 2)
    by_name = hasher.evaluate(*data, batch_size=16, verbose=0, sample_weight=np.arange(60.0))
    assert hasher.evaluate(*data, 16, 0, np.arange(60.0)) == pytest.approx(by_name, rel=1e-5)


def batches_by_keras(images, labels):
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            rows = slice(20 * index, 20 * index + 20)
            return images[rows], labels[rows]

    return Batches()


KINDS = {
    "arrays": lambda images, labels: (images, labels),
    "tensors": lambda images, labels: tuple(map(ops.convert_to_tensor, (images, labels))),
    "tf.data": lambda *arrays: (tf.data.Dataset.from_tensor_slices(arrays).batch(20),),
    "PyDataset": lambda *arrays: (batches_by_keras(*arrays),),
    "generator": lambda *arrays: (batch for batch in batches_by_keras(*arrays)),
}


def given(kind, images, labels):
    made = KINDS[kind](images, labels)
    return made if isinstance(made, tuple) else (made,)


@pytest.fixture
def with_nan(data):
    images = data[0].astype(np.float32)
    images[58, 1, 2, 0] = np.nan
    return images, data[1]


@pytest.mark.parametrize("kind", KINDS)
def test_right_data_of_every_kind_trains(hasher, data, kind):
    validation = given(kind, *data)
    validation = validation if len(validation) == 2 else validation[0]
    options = {"steps_per_epoch": 3, "validation_steps": 3, "verbose": 0}
    history = hasher.fit(*given(kind, *data), validation_data=validation, **options).history
    assert np.isfinite(history["val_loss"]).all()
    evaluated = hasher.evaluate(*given(kind, *data), steps=3, verbose=0)
    np.testing.assert_allclose(evaluated, history["val_loss"][-1], rtol=1e-4)


def fit(hasher, data, wrong):
    hasher.fit(*wrong, verbose=0)


def evaluate(hasher, data, wrong):
    hasher.evaluate(*wrong, verbose=0)


def validate(hasher, data, wrong):
    wrong = wrong if len(wrong) == 2 else wrong[0]
    hasher.fit(*data, validation_data=wrong, validation_steps=3, verbose=0)


@pytest.mark.parametrize("use", [fit, evaluate, validate])
@pytest.mark.parametrize("kind", KINDS)
def test_wrong_data_of_every_kind_is_refused(hasher, data, with_nan, kind, use):
    with pytest.raises(InputError, match=r"^images hold nan at \[.*, 1, 2, 0\]") as error:
        use(hasher, data, given(kind, *with_nan))
    assert "\n" not in str(error.value)


def test_images_without_labels_are_refused(hasher, data):
    with pytest.raises(InputError, match="without labels"):
        hasher.fit(data[0], verbose=0)
    with pytest.raises(InputError, match=r"must yield \(images, labels\)"):
        hasher.fit(tf.data.Dataset.from_tensor_slices(data[0]).batch(20), verbose=0)


def test_weights_of_validation_images_are_kept(hasher, data):
    weights = np.arange(60) % 2
    history = hasher.fit(*data, validation_data=(*data, weights), verbose=0).history
    weighted = hasher.evaluate(*data, sample_weight=weights, verbose=0)
    np.testing.assert_allclose(history["val_loss"][-1], weighted, rtol=1e-5)
