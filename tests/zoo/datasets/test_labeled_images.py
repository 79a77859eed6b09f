"""LabeledImages: selection, random access inside tf.data, ordered and shuffled batches."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from classwise.zoo.datasets import LabeledImages, record_ids
from classwise.zoo.foundation.errors import InputError


class DecodedOnAccess:
    """Stands for images that are not in memory: counts how many were asked for at a time."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.asked = pixels, pixels.shape, []

    def __getitem__(self, key):
        chosen = self.pixels[key]
        self.asked.append(len(chosen))
        return chosen

    def select(self, indices):
        return DecodedOnAccess(self.pixels[indices])


@pytest.fixture(params=["in memory", "decoded on access"])
def ten(request):
    """Ten images; all pixels of image i are i, its label is i modulo 3."""
    pixels = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones([4, 5, 1], np.uint8)
    images = pixels if request.param == "in memory" else DecodedOnAccess(pixels)
    ids = np.array([f"train_{i:05d}" for i in range(10)])
    return LabeledImages("toy", "train", images, np.arange(10) % 3, ids, ("bag", "coat", "shoe"))


def test_the_shape_is_told(ten):
    assert (len(ten), ten.image_shape, ten.num_classes) == (10, (4, 5, 1), 3)
    assert repr(ten) == "LabeledImages(toy:train, 10 images (4, 5, 1), 3 classes)"


@pytest.mark.parametrize("as_mask", [False, True])
def test_select_keeps_images_labels_and_ids_together(ten, as_mask):
    chosen = np.array([2, 7, 9])
    selected = ten.select(np.isin(np.arange(10), chosen) if as_mask else chosen)
    assert np.asarray(selected.images[np.arange(3)])[:, 0, 0, 0].tolist() == [2, 7, 9]
    assert selected.labels.tolist() == [2, 1, 0]
    assert selected.ids.tolist() == ["train_00002", "train_00007", "train_00009"]
    assert (selected.name, selected.split) == ("toy", "train")
    assert selected.class_names == ten.class_names


def test_select_may_repeat_and_reorder(ten):
    assert ten.select([3, 0, 3]).ids.tolist() == ["train_00003", "train_00000", "train_00003"]


def test_load_gives_one_image_or_a_batch(ten):
    image, label = ten.load(tf.constant(4))
    assert (image.shape, image.dtype, label.shape, label.dtype) == ((4, 5, 1), "uint8", (), "int64")
    assert (int(image[0, 0, 0]), int(label)) == (4, 1)
    images, labels = ten.load(tf.constant([5, 3]))
    assert images.shape == (2, 4, 5, 1)
    assert (images[:, 0, 0, 0].numpy().tolist(), labels.numpy().tolist()) == ([5, 3], [2, 0])


def test_load_in_a_map_has_static_shapes_and_no_constant_in_its_graph(ten):
    dataset = tf.data.Dataset.range(10).map(ten.load)
    assert dataset.element_spec == (
        tf.TensorSpec([4, 5, 1], tf.uint8),
        tf.TensorSpec([], tf.int64),
    )
    assert [int(image[0, 0, 0]) for image, _ in dataset] == list(range(10))
    traced = tf.function(ten.load).get_concrete_function(tf.TensorSpec([], tf.int64))
    constants = [node for node in traced.graph.as_graph_def().node if node.op == "Const"]
    assert all(node.ByteSize() < 150 for node in constants)


def test_batches_keep_the_order(ten):
    dataset = ten.batches(4)
    assert dataset.element_spec[0].shape.as_list() == [None, 4, 5, 1]
    assert dataset.cardinality() == 3
    batches = [(x[:, 0, 0, 0].tolist(), y.tolist()) for x, y in dataset.as_numpy_iterator()]
    assert batches == [([0, 1, 2, 3], [0, 1, 2, 0]), ([4, 5, 6, 7], [1, 2, 0, 1]), ([8, 9], [2, 0])]


def test_shuffled_batches_hold_every_image_once_with_its_label(ten):
    def order(dataset):
        images, labels = map(np.concatenate, zip(*dataset.as_numpy_iterator(), strict=True))
        assert labels.tolist() == (images[:, 0, 0, 0] % 3).tolist()
        return images[:, 0, 0, 0].tolist()

    dataset = ten.batches(4, shuffle=True, seed=1)
    first, second = order(dataset), order(dataset)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second, "every pass has its own order"
    assert order(ten.batches(4, shuffle=True, seed=1)) == first


def test_images_without_labels_come_alone(ten):
    unlabeled = LabeledImages("toy", "folder", ten.images, None, ten.ids)
    assert unlabeled.batches(5).element_spec == tf.TensorSpec([None, 4, 5, 1], tf.uint8)
    assert unlabeled.select([1]).labels is None
    assert "no labels" in repr(unlabeled)


def test_batches_are_decoded_as_they_are_used():
    images = DecodedOnAccess(np.zeros([1000, 2, 2, 1], np.uint8))
    data = LabeledImages("toy", "train", images, np.zeros(1000, int), np.arange(1000), ("bag",))
    next(iter(data.batches(10)))
    assert set(images.asked) == {10}
    assert len(images.asked) < 50


@pytest.mark.parametrize("batch_size", [0, -3])
def test_a_batch_size_below_one_is_refused(ten, batch_size):
    with pytest.raises(InputError, match=f"batch_size is {batch_size}"):
        ten.batches(batch_size)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"labels": np.array([0, 1, 2])}, r"labels has shape \(3,\) for 2 items"),
        ({"labels": np.array([0, 2])}, "labels row 1 is 2"),
        ({"ids": np.array(["a"])}, "1 ids"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, message):
    parts = {"labels": np.array([0, 1]), "ids": np.array(["a", "b"])} | changed
    with pytest.raises(InputError, match=message):
        LabeledImages(
            "toy", "train", np.zeros([2, 4, 5, 1], np.uint8), class_names=("bag", "coat"), **parts
        )


def test_it_cannot_be_altered(ten):
    with pytest.raises(AttributeError):
        ten.labels = None


def test_record_ids_name_the_content_whatever_the_order():
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, [6, 2, 2, 1], dtype=np.uint8)
    images[4] = images[1]
    images[5] = images[1]
    labels = np.array([0, 1, 1, 0, 1, 0])  # 1 and 4 are twins; 5 has the same pixels, labeled 0
    data = LabeledImages("toy", "test", images, labels, np.arange(6), ("bag", "coat"))
    ids = record_ids(data)
    assert len(set(ids)) == 6
    assert ids[4] == ids[1] + "_2"
    assert ids[5].startswith("test_")
    assert not ids[5].startswith(ids[1])
    order = np.array([3, 5, 0, 2, 4, 1])
    assert sorted(record_ids(data.select(order))) == sorted(ids)
    assert record_ids(data.select([3, 5, 0, 2])).tolist() == ids[[3, 5, 0, 2]].tolist()


def test_labels_in_one_column_are_ids(ten):
    column = dataclasses.replace(ten, labels=ten.labels[:, None].astype(np.uint8))
    np.testing.assert_array_equal(column.labels, ten.labels)
    assert column.labels.dtype == np.int64
    assert next(iter(column.batches(4)))[1].shape == (4,)
