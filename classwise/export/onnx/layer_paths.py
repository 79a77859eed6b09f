"""Which Keras layers a name in TensorFlow's graph speaks of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def layer_path(name: str, layers: set[str]) -> str:
    """Returns the layers in a TensorFlow name; TensorFlow appends `_1` to each of them.

    Example:

    >>> layer_path("classwise_1/hasher_1/resnet8_1/conv_1_2/convolution:0", {"resnet8", "conv_1"})
    'resnet8/conv_1'
    """
    path = []
    for scope in name.split(":")[0].split("/"):
        bare = re.sub(r"_\d+$", "", scope)
        path += [bare] if bare in layers else [scope] if scope in layers else []
    return "/".join(path)


def layer_names(model: keras.Model) -> set[str]:
    """Returns the names of all layers inside a model, at any depth, without its own."""
    names = set()
    for layer in model.layers:
        names |= {layer.name} | (layer_names(layer) if hasattr(layer, "layers") else set())
    return names
