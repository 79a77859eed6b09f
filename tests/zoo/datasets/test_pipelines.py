import keras
import numpy as np
import pytest

from classwise.zoo import Hasher, resnet
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.pipelines import array_batches
from classwise.zoo.training.cached_features import CachedFeatures
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation

IMAGES = np.arange(7 * 4 * 4, dtype=np.uint8).reshape(7, 4, 4, 1)
LABELED = LabeledImages(
    "toy", "train", IMAGES, np.arange(7) % 2, np.arange(7).astype(str), ("a", "b")
)


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_batches_of_an_array_are_its_parts_in_order(size):
    batches = list(array_batches(IMAGES, size).as_numpy_iterator())
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    np.testing.assert_array_equal(np.concatenate(batches), IMAGES)


@pytest.mark.parametrize(
    "build",
    [
        lambda: LABELED.batches(3),
        lambda: training_batches(LABELED, 3, Augmentation(), 0, range(2)),
        lambda: CachedFeatures(LABELED, np.zeros((7, 1, 2), np.float16)).batches(3),
    ],
)
def test_no_pipeline_is_tuned_as_it_runs(build):
    assert build().options().autotune.enabled is False


def test_neither_are_the_batches_of_embed(monkeypatch):
    seen = []
    monkeypatch.setattr(keras.Model, "predict", lambda self, x, **options: seen.append(x))
    Hasher(resnet(8, (4, 4, 1), width=4), 8, 2).embed(IMAGES)
    assert seen[0].options().autotune.enabled is False
