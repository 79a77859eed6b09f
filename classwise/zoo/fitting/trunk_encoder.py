"""A pretrained trunk that gives features, in ONNX Runtime where that pays, else in Keras."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.encoding.encoders import Encoder, KerasEncoder
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.models.preset_folder import PARTS
from classwise.zoo.presets.find_model import PRESET, PRESET_FOLDER, TRUNK, FoundModel, find_model
from classwise.zoo.presets.load import load, load_backbone
from classwise.zoo.presets.registry import get_trunk

if TYPE_CHECKING:
    import os

    import keras

    from classwise.zoo.models.hasher import Hasher

DEFAULT_TRUNK = "efficientnet_lite0_imagenet"
# From so many images on, ONNX Runtime has made up for what the conversion takes.
MANY = 1500
ONNX = "onnx"


def find_trunk(name: str | os.PathLike) -> FoundModel:
    """Returns what a trunk's name stands for: a trunk, a preset, a `.keras` file or a folder.

    Raises:
        InputError: no such thing, or something of another kind.
    """
    found = find_model(name)
    if found.kind not in (TRUNK, PRESET, PRESET_FOLDER, ".keras"):
        raise InputError(
            f"{found.name} is no trunk; give {DEFAULT_TRUNK}, a preset's name or a .keras file."
        )
    return found


def trunk_identity(trunk: FoundModel) -> str:
    """Returns what is the same for the same weights of a trunk only."""
    named = trunk.kind in (TRUNK, PRESET)
    return get_trunk(trunk.name).sha256 if named else trunk.identity


def load_trunk(trunk: FoundModel, image_size: int | None = None) -> keras.Model:
    """Loads a trunk for images of a size, its own by default.

    Raises:
        InputError: the trunk has one size only, and another one is asked for.
    """
    if trunk.kind in (TRUNK, PRESET):
        channels = get_trunk(trunk.name).image_shape[2]
        shape = None if image_size is None else (image_size, image_size, channels)
        return load_backbone(trunk.name, shape)
    hasher = load(trunk.path)
    if image_size is not None and hasher.image_shape[:2] != (image_size, image_size):
        raise InputError(
            f"{trunk.name} takes images of {hasher.image_shape}, and image_size is {image_size}; "
            "leave it out."
        )
    return hasher.backbone


def open_trunk(trunk: keras.Model, count: int) -> Encoder:
    """Opens a trunk as an encoder whose embeddings are features, for `count` images."""
    hasher = feature_hasher(trunk)
    return (count >= MANY and onnx_encoder(hasher)) or KerasEncoder(hasher)


def feature_hasher(trunk: keras.Model) -> Hasher:
    """Returns a hasher whose embedding is the trunk's output, averaged over space."""
    from classwise.zoo.models.hasher import Hasher

    width = trunk.output_shape[-1]
    hasher = Hasher(trunk, code_length=width, num_classes=2)
    hasher.hash_layer.set_weights([np.eye(width, dtype=np.float32), np.zeros(width, np.float32)])
    return hasher


def onnx_encoder(hasher: Hasher) -> Encoder | None:
    """Returns the hasher in ONNX Runtime, proven equal; None where the extra is missing."""
    from importlib.metadata import entry_points

    from classwise.zoo.encoding.onnx_encoder import OnnxEncoder

    for writer in entry_points(group=PARTS, name=ONNX):
        with tempfile.TemporaryDirectory() as folder:
            try:
                writer.load()(hasher, Path(folder))
            except InputError:
                return None
            return OnnxEncoder(Path(folder) / "onnx" / "model.onnx")
    return None
