"""Backbones by name. Adding one is adding an entry: a function from an image shape to a model."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

from classwise.zoo.backbones.airbench import airbench
from classwise.zoo.backbones.batch_norm import InferenceBatchNormalization
from classwise.zoo.backbones.efficientnet_lite import (
    efficientnet_lite0,
    efficientnet_lite2,
)
from classwise.zoo.backbones.resnet import resnet
from classwise.zoo.backbones.resnet9 import resnet9
from classwise.zoo.foundation.errors import unknown_name

BACKBONES: dict[str, Callable] = {
    **{f"resnet{depth}": partial(resnet, depth) for depth in (8, 14, 20, 32, 44, 56)},
    "resnet9": resnet9,
    "airbench": airbench,
    "efficientnet_lite0": efficientnet_lite0,
    "efficientnet_lite2": efficientnet_lite2,
}


def build_backbone(name: str, input_shape: tuple[int, int, int], **options: Any) -> keras.Model:
    """Builds the backbone called `name` for images of `input_shape` (height, width, channels).

    Raises:
        InputError: unknown name.
    """
    if name not in BACKBONES:
        raise unknown_name("backbone", name, BACKBONES)
    return BACKBONES[name](input_shape=tuple(input_shape), **options)


__all__ = [
    "BACKBONES",
    "InferenceBatchNormalization",
    "airbench",
    "build_backbone",
    "efficientnet_lite0",
    "efficientnet_lite2",
    "resnet",
    "resnet9",
]
