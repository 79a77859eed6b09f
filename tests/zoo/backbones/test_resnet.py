"""The residual networks of the zoo."""

import pytest
from keras import layers

from classwise.zoo import InputError, resnet


def test_resnet_rejects_other_depths():
    with pytest.raises(InputError, match="6n \\+ 2"):
        resnet(18)


def test_resnet_has_its_depth():
    kinds = (layers.Conv2D, layers.Dense)
    model = resnet(20, (28, 28, 1))
    weighted = [layer for layer in model.layers if isinstance(layer, kinds)]
    assert len([layer for layer in weighted if "shortcut" not in layer.name]) == 19  # + hash layer
    assert model.output_shape == (None, 64)
