import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from classwise.losses import CenterUpdate, DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher

METHODS = [(DCWHLoss, False), (VonMisesFisherLoss, True)]


def small_hasher(normalize=False):
    images = keras.Input((4, 4, 1))
    features = layers.Flatten()(layers.Rescaling(1 / 64, -2.0)(images))
    return Hasher(keras.Model(images, features), 6, 3, normalize=normalize)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (50, 4, 4, 1)).astype(np.uint8)
    return images, random.integers(0, 3, 50)


def batches(data, size=16):
    return tf.data.Dataset.from_tensor_slices(data).batch(size)


def fit(hasher, data, loss, **options):
    optimizer = keras.optimizers.SGD(options.pop("learning_rate", 0.0))
    hasher.compile(optimizer=optimizer, loss=loss)
    hasher.fit(batches(data), verbose=0, **options)
    return ops.convert_to_numpy(hasher.class_centers.centers)


@pytest.mark.parametrize(("loss", "normalize"), METHODS)
def test_exact_equals_streaming_when_the_model_is_frozen(data, loss, normalize):
    hasher = small_hasher(normalize)
    exact = fit(hasher, data, loss(), callbacks=[CenterUpdate(batches(data, 11))])
    embeddings = hasher.embed(data[0], verbose=0)
    hasher.class_centers.centers.assign(np.zeros_like(exact))
    streaming = fit(hasher, data, loss(), callbacks=[CenterUpdate()])
    np.testing.assert_allclose(exact, streaming, atol=1e-6)

    means = np.stack([embeddings[data[1] == c].mean(axis=0) for c in range(3)])
    if normalize:
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(exact, means, atol=1e-6)


@pytest.mark.parametrize("exact", [True, False])
def test_every_counts_epochs(data, exact):
    hasher = small_hasher()
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            ops.convert_to_numpy(hasher.class_centers.centers).copy()
        )
    )
    update = CenterUpdate(batches(data) if exact else None, every=2)
    fit(hasher, data, DCWHLoss(), learning_rate=0.01, epochs=5, callbacks=[update, watch])
    changed = [(a != b).any() for a, b in itertools.pairwise(seen)]
    assert changed == [True, False, True, False]


def test_the_next_epoch_sees_the_new_centers(data):
    """The compiled training step must read the centers anew, not those of its first trace."""
    hasher = small_hasher()
    hasher.compile(optimizer=keras.optimizers.SGD(0.0), loss=DCWHLoss())
    history = hasher.fit(batches(data), epochs=2, verbose=0, callbacks=[CenterUpdate()])
    first, second = history.history["loss"]
    expected = DCWHLoss()(data[1], (hasher.embed(data[0], verbose=0), hasher.class_centers.centers))
    assert second < first
    np.testing.assert_allclose(second, float(expected), rtol=1e-5)


def test_a_class_without_images_keeps_its_center(data):
    hasher = small_hasher()
    before = ops.convert_to_numpy(hasher.class_centers.centers)
    without = data[0][data[1] != 2], data[1][data[1] != 2]
    for update in (CenterUpdate(), CenterUpdate(batches(without))):
        after = fit(hasher, without, DCWHLoss(), callbacks=[update])
        np.testing.assert_array_equal(after[2], before[2])
        assert (after[:2] != before[:2]).any()


def test_multi_hot_labels(data):
    labels = np.eye(3, dtype=np.int64)[data[1]]
    labels[::2, 0] = 1
    hasher = small_hasher()
    exact = fit(hasher, (data[0], labels), DCWHLoss(), callbacks=[CenterUpdate(batches(data))])
    one_label = exact.copy()
    multi = (data[0], labels)
    exact = fit(hasher, multi, DCWHLoss(), callbacks=[CenterUpdate(batches(multi))])
    streaming = fit(hasher, multi, DCWHLoss(), callbacks=[CenterUpdate()])
    np.testing.assert_allclose(exact, streaming, atol=1e-6)
    assert (exact[0] != one_label[0]).any()


@pytest.mark.parametrize("every", [0, -1, 1.5, True])
def test_bad_period_is_refused(every):
    with pytest.raises(ValueError, match="every is"):
        CenterUpdate(every=every)


def test_a_period_of_numpy_is_an_integer():
    assert type(CenterUpdate(every=np.int64(2)).every) is int


BAD_LABELS = {
    "too large": (lambda labels: labels + 1, "label 3; .* from 0 to 2"),
    "negative": (lambda labels: labels - 1, "label -1; .* from 0 to 2"),
    "float": (lambda labels: labels * 1.0, r"type float64 and shape \(16,\)"),
    "other classes": (lambda labels: np.eye(4)[labels], r"shape \(16, 4\); .* \[B, 3\]"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_labels_that_are_no_classes_of_the_model_are_refused(data, case):
    change, message = BAD_LABELS[case]
    update = CenterUpdate(batches((data[0], change(data[1]))))
    with pytest.raises(ValueError, match=message):
        fit(small_hasher(), data, DCWHLoss(), callbacks=[update])


def epochs_begun(data, update):
    """The epochs that begin before training ends, in an error that is returned too."""
    begun = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: begun.append(epoch))
    with pytest.raises(ValueError, match=r".") as error:
        fit(small_hasher(), data, DCWHLoss(), callbacks=[note, update])
    return begun, str(error.value)


FIRST_BATCHES = {
    "negative": (lambda images: images - 1.0 * images.max(), "values must lie from 0 to 255"),
    "NaN": (lambda images: np.full(images.shape, np.nan), "images hold nan"),
    "other rank": (lambda images: images[..., 0], "rank 3"),
    "fewer images": (lambda images: images[:9], "labels of shape (50,)"),
    "another size": (lambda images: images[:, :3], "height 3"),
}


@pytest.mark.parametrize("case", FIRST_BATCHES)
def test_wrong_images_are_refused_before_the_first_epoch(data, case):
    change, message = FIRST_BATCHES[case]
    begun, error = epochs_begun(data, CenterUpdate([(change(data[0]), data[1])]))
    assert begun == []
    assert message in error


def test_a_wrong_label_is_refused_before_the_first_epoch(data):
    begun, error = epochs_begun(data, CenterUpdate(batches((data[0], data[1] + 1))))
    assert begun == []
    assert "label 3" in error


def test_a_wrong_image_of_a_later_batch_is_refused(data):
    images = data[0].astype(np.float32)
    images[40] = -1
    begun, error = epochs_begun(data, CenterUpdate(batches((images, data[1]))))
    assert begun == [0]
    assert "images hold -1.0" in error


def test_images_scaled_to_1_are_warned_of(data):
    update = CenterUpdate([(data[0] / 255.0, data[1])])
    with pytest.warns(UserWarning, match="multiply by 255"):
        fit(small_hasher(), data, DCWHLoss(), callbacks=[update])


def test_weights_of_images_are_left_out(data):
    hasher = small_hasher()
    plain = fit(hasher, data, DCWHLoss(), callbacks=[CenterUpdate(batches(data))])
    weighted = CenterUpdate(batches((*data, np.arange(50.0))))
    np.testing.assert_array_equal(fit(hasher, data, DCWHLoss(), callbacks=[weighted]), plain)


def test_sample_weights_move_no_center(data):
    hasher, update = small_hasher(), CenterUpdate()
    plain = fit(hasher, data, DCWHLoss(), callbacks=[update])
    weighted = fit(hasher, (*data, np.arange(50.0)), DCWHLoss(), callbacks=[update])
    np.testing.assert_allclose(weighted, plain, atol=1e-6)


def test_a_model_without_centers_is_refused(data):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="needs a model with class centers"):
        model.fit(data[0], np.zeros((50, 3)), verbose=0, callbacks=[CenterUpdate()])


@pytest.mark.large
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_replicas_add_up(data):
    """In a process of its own: a CPU can be split into two replicas before TensorFlow starts."""
    import subprocess
    import sys

    code = """
import numpy as np, keras, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from tests.losses.test_center_update import *
random = np.random.default_rng(0)
data = random.integers(0, 256, (48, 4, 4, 1)).astype(np.uint8), random.integers(0, 3, 48)
results = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    for update in (CenterUpdate(), CenterUpdate(batches(data))):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            results.append(fit(small_hasher(), data, DCWHLoss(), callbacks=[update]))
for result in results[1:]:
    np.testing.assert_allclose(result, results[0], atol=1e-6)
print("agree")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip().endswith("agree"), done.stderr[-3000:]
