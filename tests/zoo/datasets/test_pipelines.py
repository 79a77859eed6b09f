import numpy as np
import pytest

from classwise.zoo.datasets import LabelledImages
from classwise.zoo.datasets.pipelines import array_batches
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation

IMAGES = np.arange(7 * 4 * 4, dtype=np.uint8).reshape(7, 4, 4, 1)
LABELLED = LabelledImages(
    "toy", "train", IMAGES, np.arange(7) % 2, np.arange(7).astype(str), ("a", "b")
)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_batches_of_an_array_are_its_parts_in_order(size):
    batches = list(array_batches(IMAGES, size).as_numpy_iterator())
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    np.testing.assert_array_equal(np.concatenate(batches), IMAGES)


@pytest.mark.parametrize(
    "dataset",
    [
        array_batches(IMAGES, 3),
        LABELLED.batches(3),
        training_batches(LABELLED, 3, Augmentation(), 0, range(2)),
        LABELLED.batches(3).map(lambda images, _: images),
    ],
)
def test_no_pipeline_is_tuned_as_it_runs(dataset):
    assert dataset.options().autotune.enabled is False
