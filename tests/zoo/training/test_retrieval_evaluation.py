"""These tests run on every Keras backend: `KERAS_BACKEND=jax pytest <this file>`."""

import keras
import numpy as np
import pytest

from classwise import losses, zoo
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.retrieval_evaluation import RetrievalEvaluation, codes_and_labels

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
LABELS = RNG.integers(0, 3, 60)
QUERIES, DATABASE = slice(0, 20), slice(20, 60)


class Shuffled:
    """Batches in another order each time, as a data set may give them; the last one is smaller."""

    def __init__(self, part, labels=LABELS):
        self.images, self.labels = IMAGES[part], labels[part]
        self.random = np.random.default_rng(1)

    def __len__(self):
        return -(-len(self.images) // 7)

    def __iter__(self):
        order = self.random.permutation(len(self.images))
        for start in range(0, len(order), 7):
            rows = order[start : start + 7]
            yield self.images[rows], self.labels[rows]


def evaluation(**arguments):
    return RetrievalEvaluation(Shuffled(QUERIES), Shuffled(DATABASE), **arguments)


def train(epochs, *callbacks):
    """A tiny hasher after a few steps from the same initial weights, and its history."""
    keras.utils.set_random_seed(3)
    backbone = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(8, activation="relu"),
        ]
    )
    hasher = zoo.Hasher(backbone, code_length=6, num_classes=3)
    hasher.compile(optimizer=keras.optimizers.SGD(0.5), loss=losses.DCWHLoss())
    # Without shuffling: on PyTorch every pass over data, ours included, moves the random state.
    arguments = {"batch_size": 20, "epochs": epochs, "shuffle": False, "verbose": 0}
    history = hasher.fit(IMAGES, LABELS, callbacks=list(callbacks), **arguments)
    return hasher, history.history


def test_logs_what_evaluate_codes_says_of_the_weights_of_the_epoch():
    hasher, history = train(3, evaluation(top_k=(5,), radius=(1,)))
    result = evaluate_codes(
        hasher.encode(IMAGES[QUERIES], verbose=0),
        LABELS[QUERIES],
        hasher.encode(IMAGES[DATABASE], verbose=0),
        LABELS[DATABASE],
        code_length=6,
        top_k=(5,),
        radius=(1,),
    )
    logged = {name: values[-1] for name, values in history.items() if name.startswith("val_")}
    expected = {f"val_{name}": value.expected for name, value in result.metrics.items()}
    assert logged == pytest.approx(expected, rel=1e-12)  # the sum over queries has another order
    assert {"val_map", "val_map@5", "val_precision_within_radius_1"} <= set(logged)
    assert len(set(history["val_map"])) > 1  # every epoch's own weights


def test_reads_data_sets_of_any_kind():
    import tensorflow as tf

    hasher, _ = train(1)
    batched = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(7)
    unknown_length = batched.filter(lambda images, labels: True)
    expected = hasher.encode(IMAGES, verbose=0)
    for dataset in (batched, unknown_length, [(IMAGES[:9], LABELS[:9]), (IMAGES[9:], LABELS[9:])]):
        codes, labels = codes_and_labels(hasher, dataset)
        np.testing.assert_array_equal(codes, expected)
        np.testing.assert_array_equal(labels, LABELS)


def test_says_nothing_about_the_end_of_the_data(recwarn):
    train(1, evaluation())
    assert not [w for w in recwarn if "ran out of data" in str(w.message)]


def test_leaves_training_as_it_is():
    with_evaluation, without = train(2, evaluation())[0], train(2)[0]
    for one, other in zip(with_evaluation.weights, without.weights, strict=True):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        )


def test_early_stopping_sees_the_values():
    stop = keras.callbacks.EarlyStopping("val_map", mode="max", min_delta=1.0, patience=1)
    _, history = train(9, evaluation(), stop)
    assert len(history["val_map"]) == 2


def test_checkpoints_see_the_values(tmp_path):
    path = str(tmp_path / "{epoch}-{val_map:.6f}.weights.h5")
    _, history = train(
        2, evaluation(), keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    )
    expected = [f"{n}-{x:.6f}.weights.h5" for n, x in enumerate(history["val_map"], start=1)]
    assert sorted(file.name for file in tmp_path.iterdir()) == expected


def test_every_and_prefix():
    _, history = train(4, evaluation(every=2, prefix="seen_"))
    assert len(history["seen_map"]) == 2
    assert len(history["loss"]) == 4


@pytest.mark.parametrize(
    ("labels", "shape"),
    [(LABELS[:, None], (20,)), (np.eye(3, dtype=np.uint8)[LABELS], (20, 3))],
)
def test_column_and_multi_hot_labels(labels, shape):
    hasher, _ = train(1)
    codes, gathered = codes_and_labels(hasher, Shuffled(QUERIES, labels))
    assert codes.shape == (20, 1)
    assert gathered.shape == shape


def test_refuses_a_model_without_codes():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    model.compile(loss="mse")
    with pytest.raises(InputError, match="no attribute code_length"):
        model.fit(IMAGES, IMAGES.reshape(60, -1), callbacks=[evaluation()], verbose=0)


@pytest.mark.parametrize("every", [0, 1.5])
def test_refuses_impossible_epochs(every):
    with pytest.raises(InputError, match="every is"):
        evaluation(every=every)


def begun(**data):
    """The epochs that begin before an evaluation refuses its data, and what it says."""
    epochs = []
    note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    given = {"queries": Shuffled(QUERIES), "database": Shuffled(DATABASE), **data}
    with pytest.raises(ValueError, match=r".") as error:
        train(1, note, RetrievalEvaluation(**given))
    return epochs, str(error.value)


WRONG = {
    "NaN": ((np.full((3, 4, 4, 1), np.nan), LABELS[:3]), "images hold nan"),
    "negative": ((IMAGES[:3] - 300.0, LABELS[:3]), "values must lie from 0 to 255"),
    "size": ((IMAGES[:3, :2], LABELS[:3]), "height 2"),
    "one image": ((IMAGES[0], LABELS[0]), "as dataset.batch(32) makes them"),
    "dictionary": ({"image": IMAGES, "label": LABELS}, "keys image, label"),
    "soft labels": ((IMAGES[:2], np.full((2, 3), 1 / 3)), "multi-hot labels are 0 or 1"),
    "lengths": ((IMAGES[:3], LABELS[:2]), r"labels of shape (2,); give one label"),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("part", ["queries", "database"])
def test_wrong_data_are_refused_before_the_first_epoch(case, part):
    batch, message = WRONG[case]
    epochs, error = begun(**{part: [batch]})
    assert epochs == []
    assert message in error


@pytest.mark.parametrize("part", ["queries", "database"])
def test_data_that_never_end_or_come_once_are_refused_at_once(part):
    import tensorflow as tf

    endless = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(9).repeat()
    for data, message in ((endless, "never ends"), (iter(Shuffled(QUERIES)), "generator")):
        given = {"queries": Shuffled(QUERIES), "database": Shuffled(DATABASE), part: data}
        with pytest.raises(ValueError, match=f"RetrievalEvaluation's data set .*{message}"):
            RetrievalEvaluation(**given)


def test_images_scaled_to_1_are_warned_of():
    scaled = [(IMAGES[QUERIES] / 255.0, LABELS[QUERIES])]
    with pytest.warns(UserWarning, match="multiply by 255"):
        train(1, RetrievalEvaluation(scaled, Shuffled(DATABASE)))


def test_weights_are_left_out():
    weighted = [(IMAGES[QUERIES], LABELS[QUERIES], np.ones(20))]
    _, history = train(1, RetrievalEvaluation(weighted, Shuffled(DATABASE)))
    _, expected = train(1, evaluation())
    assert history["val_map"] == pytest.approx(expected["val_map"])
