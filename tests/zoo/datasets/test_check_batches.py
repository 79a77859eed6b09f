"""Training data of every form is checked as arrays are; runs on every backend."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise.zoo.datasets import plain_input_errors
from classwise.zoo.datasets.check_batches import (
    check_that_it_ends,
    check_training_data,
    comes_in_batches,
)
from classwise.zoo.foundation.errors import InputError

SHAPE = (4, 3, 1)
LABELS = np.arange(10) % 3
IMAGES = np.random.default_rng(0).integers(0, 256, (10, *SHAPE)).astype(np.uint8)


class Batches(keras.utils.PyDataset):
    """Batches of 4; notes what Keras calls."""

    def __init__(self, images, labels, **options):
        super().__init__(**options)
        self.arrays = images, labels
        self.calls = []

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return tuple(array[4 * index : 4 * index + 4] for array in self.arrays)

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def data_loader(*arrays):
    data = pytest.importorskip("torch.utils.data")
    torch = pytest.importorskip("torch")
    return data.DataLoader(data.TensorDataset(*map(torch.from_numpy, arrays)), batch_size=4)


FORMS = {
    "tf.data": lambda *arrays: tf.data.Dataset.from_tensor_slices(arrays).batch(4),
    "PyDataset": Batches,
    "generator": lambda *arrays: (batch for batch in Batches(*arrays)),
    "DataLoader": data_loader,
}
TENSORS = {
    "NumPy": lambda array: array,
    "backend": keras.ops.convert_to_tensor,
    "TensorFlow": tf.constant,
}


def passed(form, images, labels, num_classes=3):
    """The images and labels that come through the check, put together."""
    if form in TENSORS:
        x, y = TENSORS[form](images), TENSORS[form](labels)
        batches = [check_training_data(x, y, SHAPE, num_classes)]
    else:
        x, _ = check_training_data(FORMS[form](images, labels), None, SHAPE, num_classes)
        with plain_input_errors():
            batches = list(x)
        assert len(batches) == 3
    return [np.concatenate([np.asarray(batch[part]) for batch in batches]) for part in (0, 1)]


RIGHT = {
    "uint8 and ids": (IMAGES, LABELS),
    "float and columns": (IMAGES.astype(np.float32), LABELS[:, None].astype(np.int32)),
    "multi-hot": (IMAGES, np.eye(3, dtype=np.float32)[LABELS]),
    "soft": (IMAGES, np.float32(0.9) * np.eye(3, dtype=np.float32)[LABELS] + np.float32(0.03)),
}


@pytest.mark.parametrize("form", [*TENSORS, *FORMS])
@pytest.mark.parametrize("case", RIGHT)
def test_right_data_pass_in_their_order(form, case):
    images, labels = RIGHT[case]
    seen_images, seen_labels = passed(form, images, labels)
    np.testing.assert_array_equal(seen_images, images)
    np.testing.assert_array_equal(seen_labels.reshape(labels.shape), labels)


def changed(array, dtype, place, value):
    array = array.astype(dtype)
    array[place] = value
    return array


MULTI_HOT = np.eye(3)[LABELS]
WRONG = {
    "NaN": (changed(IMAGES, np.float32, (9, 3, 2, 0), np.nan), LABELS, r"images hold nan at \["),
    "above 255": (changed(IMAGES, np.float32, (9, 0, 0, 0), 256), LABELS, r"images hold 256\.0"),
    "integers": (changed(IMAGES, np.int32, (9, 0, 0, 0), -1), LABELS, "images hold -1"),
    "id too large": (IMAGES, changed(LABELS, np.int64, 9, 3), "row . is 3; .* from 0 to 2"),
    "id negative": (IMAGES, changed(LABELS, np.int32, 9, -1), "row . is -1"),
    "id in a column": (IMAGES, changed(LABELS, np.int64, 9, 3)[:, None], "row . is 3"),
    "two": (IMAGES, changed(MULTI_HOT, np.int64, (9, 0), 2), "row . holds 2 for class 0"),
    "beyond 1": (IMAGES, changed(MULTI_HOT, np.float32, (9, 2), 1.5), r"holds 1\.5 for class 2"),
}


@pytest.mark.parametrize("form", [*TENSORS, *FORMS])
@pytest.mark.parametrize("case", WRONG)
def test_one_wrong_value_in_the_last_batch_is_named(form, case):
    images, labels, message = WRONG[case]
    with pytest.raises(InputError, match=message) as error:
        passed(form, images, labels)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("form", [*TENSORS, *FORMS])
def test_only_images_are_checked_where_labels_are_no_classes(form):
    np.testing.assert_array_equal(passed(form, IMAGES, LABELS + 5.5, None)[1], LABELS + 5.5)
    with pytest.raises(InputError, match="images hold nan"):
        passed(form, WRONG["NaN"][0], LABELS + 5.5, None)


WRONG_TYPES = {
    "height": ((IMAGES[:, :3], LABELS), r"images of shape \(None, 3, 3, 1\)"),
    "float ids": ((IMAGES, LABELS.astype(np.float32)), "float32 labels"),
    "other classes": ((IMAGES, np.eye(4)[LABELS]), r"multi-hot labels \[B, 3\]"),
    "rank 3": ((IMAGES, MULTI_HOT[:, None]), r"labels of shape \(None, 1, 3\)"),
    "no labels": ((IMAGES,), r"must yield \(images, labels\)"),
    "dictionaries": ({"image": IMAGES, "label": LABELS}, r"keys image, label; .*dataset\.map\("),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_wrong_types_of_a_dataset_are_named_before_any_batch(case):
    arrays, message = WRONG_TYPES[case]
    dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(4)
    with pytest.raises(InputError, match=message):
        check_training_data(dataset, None, SHAPE, 3)


def test_a_dataset_without_batches_is_named_before_any_image():
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    with pytest.raises(InputError, match=r"images of shape \(4, 3, 1\); .* dataset\.batch\(32\)"):
        check_training_data(dataset, None, SHAPE, 3)


def test_a_dataset_keeps_its_size_and_its_weights():
    weights = np.arange(10.0)
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS, weights)).batch(4)
    checked, _ = check_training_data(dataset, None, SHAPE, 3)
    assert checked.cardinality() == 3
    assert checked.element_spec == dataset.element_spec
    np.testing.assert_array_equal(np.concatenate([batch[2] for batch in checked]), weights)


def test_a_dataset_without_known_shapes_is_checked_all_the_same():
    def batches():
        yield IMAGES[:, :3], LABELS

    dataset = tf.data.Dataset.from_generator(batches, output_types=(tf.uint8, tf.int64))
    checked, _ = check_training_data(dataset, None, SHAPE, 3)
    with pytest.raises(InputError, match="height 3"), plain_input_errors():
        list(checked)


LABELS_OF_UNKNOWN_RANK = {
    "ids": (LABELS, (None,)),
    "a column": (LABELS[:, None].astype(np.int32), (None,)),
    "multi-hot": (MULTI_HOT.astype(np.float32), (None, 3)),
    "booleans": (MULTI_HOT.astype(bool), (None, 3)),
}


@pytest.mark.parametrize("case", LABELS_OF_UNKNOWN_RANK)
def test_shapes_that_a_dataset_does_not_know_are_set(case):
    labels, shape = LABELS_OF_UNKNOWN_RANK[case]
    weights = np.arange(10.0)
    dataset = tf.data.Dataset.from_tensors((IMAGES, labels, weights))
    dtypes = [part.dtype for part in dataset.element_spec]
    untyped = dataset.map(lambda *batch: tf.py_function(lambda *parts: parts, batch, dtypes))
    checked, _ = check_training_data(untyped, None, SHAPE, 3)
    assert [part.shape.as_list() for part in checked.element_spec] == [
        [None, *SHAPE],
        list(shape),
        [None],
    ]
    images, seen, seen_weights = next(iter(checked))
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(seen, labels.reshape([-1, *shape[1:]]))
    np.testing.assert_array_equal(seen_weights, weights)


def test_integers_of_unknown_rank_that_are_no_ids_are_refused():
    dataset = tf.data.Dataset.from_tensors((IMAGES, MULTI_HOT.astype(np.int64)))
    types = (tf.uint8, tf.int64)
    untyped = dataset.map(lambda *batch: tf.py_function(lambda *parts: parts, batch, types))
    checked, _ = check_training_data(untyped, None, SHAPE, 3)
    with pytest.raises(InputError, match=r"shape \(10, 3\) .*ensure_shape"), plain_input_errors():
        list(checked)


@pytest.mark.parametrize("form", ["generator", "PyDataset"])
def test_dictionaries_are_named(form):
    class Dictionaries(Batches):
        def __getitem__(self, index):
            return dict(zip(("image", "label"), super().__getitem__(index), strict=True))

    batches = Dictionaries(IMAGES, LABELS)
    x = batches if form == "PyDataset" else (batch for batch in batches)
    checked, _ = check_training_data(x, None, SHAPE, 3)
    with pytest.raises(InputError, match="a dictionary with the keys image, label; it must be"):
        list(checked)


OTHERS = [[(IMAGES, LABELS)], {"image": IMAGES}, iter([(IMAGES, LABELS)]), map(tuple, [])]


@pytest.mark.parametrize("x", OTHERS, ids=lambda x: type(x).__name__)
def test_batches_in_forms_that_keras_does_not_take_are_named(x):
    with pytest.raises(InputError, match=f"come as a {type(x).__name__}; give arrays"):
        check_training_data(x, None, SHAPE, 3)


@pytest.mark.parametrize("form", FORMS)
def test_data_that_end_pass(form):
    assert comes_in_batches(FORMS[form](IMAGES, LABELS))
    check_that_it_ends(FORMS[form](IMAGES, LABELS))
    check_that_it_ends(IMAGES, passes=9)


def test_data_without_end_are_refused():
    with pytest.raises(InputError, match=r"never ends; .* or give steps_per_epoch"):
        check_that_it_ends(FORMS["tf.data"](IMAGES, LABELS).repeat(), 1, "steps_per_epoch")


def test_a_generator_for_several_epochs_is_refused():
    with pytest.raises(InputError, match="there are 3 epochs; give steps_per_epoch"):
        check_that_it_ends(FORMS["generator"](IMAGES, LABELS), 3, "steps_per_epoch")


def test_a_py_dataset_keeps_its_workers_and_its_epochs():
    batches = Batches(IMAGES, LABELS, workers=2, use_multiprocessing=True, max_queue_size=5)
    checked, _ = check_training_data(batches, None, SHAPE, 3)
    settings = checked.num_batches, checked.workers, checked.max_queue_size
    assert settings == (3, 2, 5)
    assert checked.use_multiprocessing
    checked.on_epoch_begin()
    checked.on_epoch_end()
    assert batches.calls == ["begin", "end"]


def test_a_loader_of_the_user_stays_as_it_is():
    loader = data_loader(IMAGES, LABELS)
    collate = loader.collate_fn
    checked, _ = check_training_data(loader, None, SHAPE, 3)
    assert loader.collate_fn is collate
    assert len(checked) == len(loader)


def test_images_without_labels_are_refused():
    for x in (IMAGES, keras.ops.convert_to_tensor(IMAGES)):
        with pytest.raises(InputError, match="without labels"):
            check_training_data(x, None, SHAPE, 3)


def test_other_sources_are_left_to_keras():
    source = object()
    assert check_training_data(source, None, SHAPE, 3) == (source, None)
