"""Pretrained backbones keep the statistics of their batch normalization, whatever trains them."""

import keras
import numpy as np
import pytest
from keras import layers

from classwise.losses import DCWHLoss
from classwise.zoo import Hasher, InputError, load, load_backbone
from classwise.zoo.backbones import resnet
from classwise.zoo.backbones.batch_norm import (
    InferenceBatchNormalization,
    batch_norm_layers,
    batch_norm_mode,
    set_batch_norm,
)

SHAPE = (8, 8, 3)
TRUNK = "dcwh_resnet9_fashion_mnist"


class Residual(layers.Layer):
    """A layer with layers of its own, as subclassed models have."""

    def __init__(self, **options):
        super().__init__(**options)
        self.convolution = layers.Conv2D(3, 3, padding="same")
        self.normalization = layers.BatchNormalization()

    def build(self, shape):
        self.convolution.build(shape)
        self.normalization.build(shape)

    def call(self, x, training=None):
        return x + self.normalization(self.convolution(x), training=training)


def functional():
    images = keras.Input(SHAPE)
    x = layers.BatchNormalization(momentum=0.5)(layers.Conv2D(4, 3)(images))
    return keras.Model(images, x)


BACKBONES = {
    "functional": functional,
    "nested": lambda: keras.Sequential([keras.Input(SHAPE), layers.ReLU(), functional()]),
    "layer of layers": lambda: keras.Sequential([keras.Input(SHAPE), Residual()]),
    "of the zoo": lambda: resnet(8, SHAPE),
}


@pytest.fixture(scope="module")
def data():
    return np.random.default_rng(0).integers(0, 256, (24, *SHAPE), np.uint8), np.arange(24) % 3


def statistics(hasher):
    return [
        keras.ops.convert_to_numpy(weight)
        for layer in batch_norm_layers(hasher.backbone)
        for weight in (layer.moving_mean, layer.moving_variance)
    ]


def trained(hasher, images, labels):
    """Trains all of a hasher; returns its statistics before and after."""
    hasher.backbone.trainable = False
    hasher.backbone.trainable = True
    before = statistics(hasher)
    hasher.compile("adamw", DCWHLoss())
    hasher.fit(images, labels, batch_size=8, verbose=0)
    assert before
    return before, statistics(hasher)


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_statistics_stay_in_inference_mode_and_all_weights_train(backbone, data):
    hasher = Hasher(backbone(), 8, 3, batch_norm="inference")
    offsets = [layer.beta for layer in batch_norm_layers(hasher.backbone)]
    assert all(any(beta is weight for weight in hasher.trainable_weights) for beta in offsets)
    np.testing.assert_equal(*trained(hasher, *data))
    assert all(np.abs(keras.ops.convert_to_numpy(beta)).max() > 0 for beta in offsets)


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_statistics_are_learned_from_random_weights(backbone, data):
    hasher = Hasher(backbone(), 8, 3)
    assert hasher.batch_norm == "training"
    for before, after in zip(*trained(hasher, *data), strict=True):
        assert np.abs(before - after).max() > 0


def test_a_training_step_embeds_what_inference_does(data):
    """Same weights, same statistics: the loss of a step is the one that evaluation finds."""
    hasher = Hasher(functional(), 8, 3, batch_norm="inference")
    hasher.compile(keras.optimizers.SGD(0.0), DCWHLoss())
    step = hasher.train_on_batch(*data, return_dict=True)["loss"]
    assert step == pytest.approx(hasher.evaluate(*data, verbose=0, return_dict=True)["loss"], 1e-5)


def test_other_layers_still_know_that_they_train(data):
    """Dropout and augmentation inside a backbone go on while batch normalization rests."""
    backbone = keras.Sequential(
        [keras.Input(SHAPE), layers.Dropout(0.5, seed=0), layers.BatchNormalization()]
    )
    hasher = Hasher(backbone, 8, 3, batch_norm="inference")
    one, other = (keras.ops.convert_to_numpy(hasher(data[0], training=t)) for t in (True, False))
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("mode", ["inference", "training"])
@pytest.mark.parametrize("backbone", ["functional", "nested", "of the zoo"])
def test_it_is_saved_with_the_hasher_and_with_the_backbone(backbone, mode, data, tmp_path):
    hasher = Hasher(BACKBONES[backbone](), 8, 3, batch_norm=mode)
    hasher.save(tmp_path / "hasher.keras")
    hasher.backbone.save(tmp_path / "backbone.keras")
    again = keras.saving.load_model(tmp_path / "hasher.keras")
    other = Hasher(keras.saving.load_model(tmp_path / "backbone.keras"), 8, 3)
    assert hasher.batch_norm == again.batch_norm == other.batch_norm == mode
    assert again.settings == hasher.settings
    for loaded in (again, other):
        before, after = trained(loaded, *data)
        assert all(map(np.array_equal, before, after)) == (mode == "inference")


def test_pretrained_backbones_come_so():
    assert batch_norm_mode(load_backbone(TRUNK)) == "inference"
    fresh = load(TRUNK, num_classes=3, code_length=8, image_shape=(8, 8, 1))
    assert fresh.batch_norm == "inference"
    images = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 1), np.uint8)
    np.testing.assert_equal(*trained(fresh, images, np.arange(24) % 3))
    assert Hasher(load_backbone(TRUNK), 8, 3, batch_norm="training").batch_norm == "training"
    assert load("dcwh_resnet9_fashion_mnist_16").batch_norm == "inference"


def test_a_backbone_that_has_none_or_both():
    plain = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(3, 3)])
    assert Hasher(plain, 8, 3, batch_norm="inference").batch_norm is None
    still = functional()
    set_batch_norm(still, "inference")
    both = keras.Sequential([keras.Input(SHAPE), still, layers.BatchNormalization()])
    hasher = Hasher(both, 8, 3)
    assert hasher.batch_norm is None
    again = Hasher.from_config(hasher.get_config())
    kinds = [type(layer) for layer in batch_norm_layers(again.backbone)]
    assert kinds == [InferenceBatchNormalization, layers.BatchNormalization]


def test_what_it_cannot_be():
    with pytest.raises(InputError, match="Unknown batch_norm 'inferense'; did you mean"):
        Hasher(functional(), 8, 3, batch_norm="inferense")

    class Own(layers.BatchNormalization):
        pass

    backbone = keras.Sequential([keras.Input(SHAPE), layers.BatchNormalization(), Own(name="own")])
    with pytest.raises(InputError, match="layer own, a Own: leave batch_norm out"):
        Hasher(backbone, 8, 3, batch_norm="inference")
    assert batch_norm_mode(backbone) == "training"  # nothing half done
