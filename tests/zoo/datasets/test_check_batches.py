"""Training data of every form is checked as arrays are; runs on every backend."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise.zoo.datasets import plain_input_errors
from classwise.zoo.datasets.check_batches import check_training_data
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
    "soft": (IMAGES, changed(MULTI_HOT, np.float32, (9, 2), 0.5), r"row . holds 0\.5 for class 2"),
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
    "dictionaries": ({"images": IMAGES, "labels": LABELS}, r"must yield \(images, labels\)"),
}


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_wrong_types_of_a_dataset_are_named_before_any_batch(case):
    arrays, message = WRONG_TYPES[case]
    dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(4)
    with pytest.raises(InputError, match=message):
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
