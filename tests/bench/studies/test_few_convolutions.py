import numpy as np
import pytest

from bench.studies.few_convolutions import EMBEDDING, LOSSES, build, plain_cnn, train
from classwise.zoo.datasets import LabeledImages


def bright_and_dark(count, split):
    random = np.random.default_rng(len(split))
    labels = np.arange(count) % 2
    pixels = random.integers(0, 100, (count, 32, 32, 3)) + 150 * labels[:, None, None, None]
    names = tuple(map(str, range(10)))
    ids = np.arange(count).astype(str)
    return LabeledImages("toy", split, pixels.astype(np.uint8), labels, ids, names)


@pytest.mark.parametrize("convolutions", [2, 3, 4])
def test_nets_differ_in_their_convolutions_only(convolutions):
    layers = [layer for layer in plain_cnn(convolutions).layers if "conv" in layer.name]
    assert [layer.filters for layer in layers] == [16, 32, 64, 64][:convolutions]


@pytest.mark.large
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_trains_the_same_network_and_is_scored_on_the_test_images(loss):
    model, _ = build(loss, 2, 0, 2)
    outputs = model.predict(np.zeros((1, 32, 32, 3), np.uint8), verbose=0)
    assert outputs.shape[-1] == (10 if loss == "softmax" else EMBEDDING)
    images = bright_and_dark(512, "train"), bright_and_dark(60, "test")
    found = train(loss, 2, 0, 2, *images)
    assert found["accuracy"] > 0.9
    assert (found["loss"], found["convolutions"], found["seed"]) == (loss, 2, 0)
