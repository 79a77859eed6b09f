"""Trunks with the classifier that they were trained as."""

import keras
import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.foundation.files import sha256
from classwise.zoo.presets import registry
from classwise.zoo.presets.classifier import BIAS, KERNEL
from classwise.zoo.presets.weight_files import read_weights

KEPT = [trunk.name for trunk in registry.trunks().values() if trunk.classifier]
IMAGENET = ["efficientnet_lite0_imagenet", "efficientnet_lite2_imagenet"]
# Photographs of the sample, and what anybody sees in them.
SEEN = {"pants/241836fb.jpg": "pajama", "shoes/669d3343.jpg": "clog"}


@pytest.fixture(scope="module", params=IMAGENET)
def name(request):
    return request.param


def test_both_imagenet_trunks_keep_it():
    assert set(IMAGENET) <= set(KEPT)


@pytest.mark.parametrize("kept", KEPT)
def test_an_entry_says_the_truth_about_its_files(kept):
    for file in registry.get_trunk(kept).files:
        path = registry.FOLDER / file.file
        assert (path.stat().st_size, sha256(path)) == (file.bytes, file.sha256)


def test_logits_are_those_of_the_features(name):
    model, class_names = zoo.load_classifier(name, (64, 64, 3))
    assert len(class_names) == len(set(class_names)) == 1000
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    features = np.asarray(zoo.load_backbone(name, (64, 64, 3))(images))
    weights = read_weights(registry.FOLDER / registry.get_trunk(name).classifier.file)
    expected = features @ weights[KERNEL] + weights[BIAS]
    np.testing.assert_allclose(model(images), expected, atol=1e-4)
    below = keras.Model(model.input, model.layers[-1].input)
    np.testing.assert_allclose(below(images), features, atol=1e-5)


def test_photographs_are_called_what_they_show(name):
    """With classes in another order, or pixels scaled otherwise, they are called anything else."""
    model, class_names = zoo.load_classifier(name)
    files = [zoo.sample_folder("clothing") / file for file in SEEN]
    logits = model.predict(zoo.read_images(files, model.input_shape[1:]), verbose=0)
    assert [class_names[best] for best in logits.argmax(axis=1)] == list(SEEN.values())


def test_classes_stand_in_the_order_of_tensorflow_datasets():
    from pathlib import Path

    import tensorflow_datasets as tfds

    from classwise.zoo.datasets.catalogue.imagenet import CLASSES

    folder = Path(tfds.__file__).parent / "datasets" / "imagenet2012"
    assert list(CLASSES) == (folder / "labels.txt").read_text().split()
    assert tuple(CLASSES.values()) == get_data_set("imagenet").class_names


def test_a_trunk_without_it_is_refused():
    with pytest.raises(zoo.InputError, match=r"of dcwh_resnet9_\w+ is not kept; kept are those of"):
        zoo.load_classifier("dcwh_resnet9_fashion_mnist_48")
