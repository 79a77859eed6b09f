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


def test_soft_labels_train(hasher, data):
    labels = 0.8 * np.eye(3, dtype=np.float32)[data[1]] + np.float32(0.2 / 3)
    history = hasher.fit(data[0], labels, verbose=0, callbacks=[CenterUpdate()]).history
    assert 0 < history["loss"][0] < 10
    np.testing.assert_array_equal(ops.convert_to_numpy(hasher.class_centers.counts), [20] * 3)


@pytest.mark.parametrize("wrap", [lambda loss: [loss], lambda loss: {"output": loss}])
def test_one_loss_in_a_list_or_a_dictionary_is_that_loss(data, tmp_path, wrap):
    losses = []
    for given_loss in (DCWHLoss(), wrap(DCWHLoss())):
        keras.utils.set_random_seed(0)
        hasher = Hasher(tiny_backbone(), 8, 3)
        hasher.compile(optimizer="sgd", loss=given_loss, metrics=["accuracy"])
        losses.append(hasher.fit(*data, verbose=0, shuffle=False).history["loss"])
    assert losses[0] == losses[1]
    hasher.save(tmp_path / "mine.keras")
    twin = keras.saving.load_model(tmp_path / "mine.keras")
    assert twin.evaluate(*data, verbose=0) == pytest.approx(hasher.evaluate(*data, verbose=0))


LOSSES = {
    "class": ({"loss": DCWHLoss}, r"loss is the class DCWHLoss; give DCWHLoss\(\)"),
    "class in a list": ({"loss": [VonMisesFisherLoss]}, "give VonMisesFisherLoss"),
    "two": ({"loss": [DCWHLoss(), "mse"]}, "loss is dcwh_loss, mse, or has"),
    "weighted": ({"loss": DCWHLoss(), "loss_weights": [2.0]}, "has loss_weights; give"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losses_that_cannot_train_are_named(case):
    arguments, message = LOSSES[case]
    hasher = Hasher(tiny_backbone(), 8, 3)
    with pytest.raises(InputError, match=message):
        hasher.compile(optimizer="sgd", **arguments)


def test_single_batches_are_checked_as_data_of_fit(hasher, data, with_nan):
    assert hasher.train_on_batch(*data) > 0
    assert hasher.test_on_batch(*data, sample_weight=np.ones(60)) > 0
    for use in (hasher.train_on_batch, hasher.test_on_batch):
        with pytest.raises(InputError, match="row 2 is 3; class ids must be integers from 0 to 2"):
            use(data[0], data[1] + 1)
        with pytest.raises(InputError, match="images hold nan"):
            use(*with_nan)
    np.testing.assert_allclose(
        ops.convert_to_numpy(hasher.predict_on_batch(data[0])),
        hasher.embed(data[0], verbose=0),
        atol=1e-5,
    )
    with pytest.raises(InputError, match="images hold nan"):
        hasher.predict_on_batch(with_nan[0])


@pytest.mark.parametrize("kind", KINDS)
def test_predict_checks_images_of_every_kind(hasher, data, with_nan, kind):
    expected = hasher.embed(data[0], verbose=0)
    found = hasher.predict(given(kind, *data)[0], verbose=0, steps=3)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(InputError, match="images hold nan"):
        hasher.predict(given(kind, *with_nan)[0], verbose=0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("arrays", "tensors")])
def test_embed_streams_batches_of_every_kind(hasher, data, kind):
    found = hasher.embed(given(kind, *data)[0], verbose=0)
    np.testing.assert_allclose(found, hasher.embed(data[0], verbose=0), atol=1e-5)


def test_images_scaled_to_1_are_warned_of(hasher, data):
    for use in (hasher.predict, hasher.predict_on_batch, hasher.embed):
        with pytest.warns(UserWarning, match="multiply by 255"):
            use(data[0] / 255.0)


def test_data_without_end_are_refused_before_training(hasher, data):
    endless = KINDS["tf.data"](*data)[0].repeat()
    for use in (hasher.fit, hasher.evaluate, hasher.predict, hasher.embed, hasher.encode):
        with pytest.raises(InputError, match="never ends"):
            use(endless)
    with pytest.raises(InputError, match=r"never ends; .* validation_steps"):
        hasher.fit(*data, validation_data=endless)
    fitted = hasher.fit(
        endless,
        steps_per_epoch=2,
        epochs=2,
        validation_data=endless,
        validation_steps=1,
        verbose=0,
    )
    assert fitted.params["steps"] == 2


def test_a_generator_is_refused_for_several_epochs_and_taken_for_one(hasher, data):
    batches = batches_by_keras(*data)
    for arguments in (
        {"x": (b for b in batches)},
        {"x": batches, "validation_data": iter_of(data)},
    ):
        with pytest.raises(InputError, match="there are 2 epochs"):
            hasher.fit(**arguments, epochs=2, verbose=0)
    assert len(hasher.fit((b for b in batches), verbose=0).history["loss"]) == 1


def iter_of(data):
    return (batch for batch in batches_by_keras(*data))


@pytest.mark.parametrize("kind", KINDS)
def test_no_warning_of_keras_about_an_order_that_nobody_asked_for(hasher, data, kind, recwarn):
    hasher.fit(*given(kind, *data), verbose=0)
    assert not [w for w in recwarn if "shuffle" in str(w.message)]


def test_arrays_and_py_datasets_are_still_shuffled(hasher, data, monkeypatch):
    seen = []
    monkeypatch.setattr(keras.Model, "fit", lambda *_, shuffle=True, **__: seen.append(shuffle))
    for kind in KINDS:
        hasher.fit(*given(kind, *data))
    assert dict(zip(KINDS, seen, strict=True)) == {
        "arrays": True,
        "tensors": True,
        "tf.data": False,
        "PyDataset": True,
        "generator": False,
    }


def test_a_dataset_that_does_not_tell_its_shapes_trains(hasher, data):
    dataset = tf.data.Dataset.from_generator(lambda: [data], output_types=(tf.uint8, tf.int64))
    history = hasher.fit(dataset, validation_data=dataset, epochs=2, verbose=0).history
    assert np.isfinite(history["val_loss"]).all()
    np.testing.assert_allclose(
        hasher.embed(dataset, verbose=0), hasher.embed(data[0], verbose=0), atol=1e-5
    )


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others trace otherwise")
def test_the_first_step_is_traced_once(data):
    """An optimizer that has no variables yet would have it traced twice."""
    traced = []

    class Counted(DCWHLoss):
        def __call__(self, *arguments, **options):
            traced.append(1)
            return super().__call__(*arguments, **options)

    hasher = Hasher(tiny_backbone(), 8, 3)
    hasher.compile("adam", Counted())
    hasher.fit(*data, batch_size=20, epochs=2, verbose=0)
    assert len(traced) == 1
