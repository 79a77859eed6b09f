"""What callbacks accept as batches; runs on every backend."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise.losses import CenterUpdate
from classwise.losses.labeled_batches import embeddings_and_labels, labeled_batches, never_ends

IMAGES, LABELS = np.zeros((6, 4, 4, 1), np.uint8), np.arange(6) % 3
DATASET = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(2)


class Slices(keras.utils.PyDataset):
    """Without end for Python's own iteration: a slice behind the end is an empty batch."""

    def __init__(self, length):
        super().__init__()
        self.length = length

    @property
    def num_batches(self):
        return self.length

    def __getitem__(self, index):
        return IMAGES[2 * index : 2 * index + 2], LABELS[2 * index : 2 * index + 2]


class Unknown(keras.utils.PyDataset):
    """Does not tell how many batches it has, which Keras takes as endless."""

    def __getitem__(self, index):
        return IMAGES, LABELS


ENDLESS = {
    "repeat": DATASET.repeat(),
    "repeat and batch": DATASET.unbatch().repeat().batch(4).prefetch(1),
    "PyDataset": Slices(None),
    "PyDataset of infinite length": Slices(math.inf),
    "PyDataset without length": Unknown(),
    "cycle": itertools.cycle([(IMAGES, LABELS)]),
    "itertools.repeat": itertools.repeat((IMAGES, LABELS)),
}
FINITE = {
    "tf.data": DATASET,
    "unknown cardinality": DATASET.filter(lambda images, labels: True),
    "repeat(2)": DATASET.repeat(2),
    "PyDataset": Slices(3),
    "list": [(IMAGES, LABELS)],
}


@pytest.mark.parametrize("case", ENDLESS)
def test_batches_without_end_are_refused_at_once(case):
    assert never_ends(ENDLESS[case])
    with pytest.raises(ValueError, match="CenterUpdate's data set never ends"):
        CenterUpdate(ENDLESS[case])


@pytest.mark.parametrize("case", FINITE)
def test_batches_that_end_pass(case):
    assert not never_ends(FINITE[case])
    assert CenterUpdate(FINITE[case]).dataset is FINITE[case]


ONCE = {
    "generator": (batch for batch in [(IMAGES, LABELS)]),
    "list_iterator": iter([(IMAGES, LABELS)]),
    "map": map(tuple, [(IMAGES, LABELS)]),
}


@pytest.mark.parametrize("kind", ONCE)
def test_what_can_be_gone_through_once_is_refused(kind):
    with pytest.raises(ValueError, match=f"is a {kind}, which can be gone through once"):
        CenterUpdate(ONCE[kind])


@pytest.mark.parametrize("data", [3, object()])
def test_what_is_no_data_set_is_refused(data):
    with pytest.raises(ValueError, match="give batches"):
        CenterUpdate(data)


WRONG = {
    "dictionaries": ([{"image": IMAGES, "label": LABELS}], "a dict, keys image, label"),
    "images alone": ([IMAGES], "a ndarray, no pair"),
    "a pair of arrays": ((IMAGES, LABELS), "a ndarray, no pair"),
    "images in a tuple": ([(IMAGES,)], "a tuple, no pair"),
    "nothing": ([], "is empty"),
}


@pytest.mark.parametrize("case", WRONG)
def test_batches_of_another_form_are_named(case):
    batches, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        list(labeled_batches(batches))


def test_a_py_dataset_is_gone_through_by_its_length():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    embeddings, labels = embeddings_and_labels(model, Slices(3))
    assert embeddings.shape == (6, 16)
    np.testing.assert_array_equal(labels, LABELS)


def test_weights_are_left_out_and_a_column_is_ids():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    _, labels = embeddings_and_labels(model, [(IMAGES, LABELS[:, None], np.ones(6))] * 2)
    np.testing.assert_array_equal(labels, np.tile(LABELS, 2))
