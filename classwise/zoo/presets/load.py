"""Loading of hashers and their backbones: presets by name, files by path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow
from classwise.zoo.methods import DEFAULT_METHOD, build_loss, get_method
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.presets.locate import locate
from classwise.zoo.presets.registry import (
    Preset,
    WeightFile,
    get_trunk,
    presets,
    trunks,
    unknown_model,
)
from classwise.zoo.presets.weight_files import assign_weights, read_weights, variables_by_path

if TYPE_CHECKING:
    import keras

    from classwise.zoo.models.hasher import Hasher


def load(
    name: str,
    *,
    num_classes: int | None = None,
    code_length: int | None = None,
    class_names: Sequence[str] | None = None,
    method: str | None = None,
    image_shape: tuple[int, int, int] | None = None,
    hidden_units: int | None = None,
    mirror: str | Sequence[str] | None = None,
) -> Hasher:
    """Loads a pretrained hasher by its name, once its files' SHA-256 are the recorded ones.

    A file that is not bundled comes from the cache, or is fetched from a mirror into it.

    As it is, it encodes, and goes on training with its recipe's loss. With any of the other
    arguments, whatever their values, its backbone comes with a fresh head and fresh class centres,
    to `compile` and `fit` on other images. A head is a hash layer, in some presets with a hidden
    layer below it.

    Args:
        name: one of `zoo.list_models()`; or, with `num_classes` and `code_length`, a trunk such as
            `"efficientnet_lite0_imagenet"`.
        num_classes: C of the images to train on. Defaults to the preset's.
        code_length: L, 1 to 4,096 bits. Defaults to the preset's.
        class_names: C names, kept with a hasher that gets fresh centres.
        method: a name of `zoo.methods.METHODS`, such as `"vmf"`, whose embeddings have unit length.
            Defaults to the preset's, on a trunk to DEFAULT_METHOD, `"dcwh"`.
        image_shape: (height, width, channels) of the images to train on; the convolutions take
            any size. Defaults to what the backbone was trained on.
        hidden_units: units of a hidden layer below the hash layer, 0 for none. Defaults to the
            preset's, 0 on a trunk.
        mirror: URLs to fetch from, `https://`, `file://` or `hf://owner/repo`. Defaults to those
            of the environment variable CLASSWISE_MIRRORS.

    Raises:
        InputError: no such preset, its file is altered or cannot be had, an argument is out of
            range, or a trunk is to be loaded as if it were a hasher.

    Example:

    >>> from classwise import zoo
    >>> zoo.load("dcwh_resnet9_fashion_mnist_48").code_length
    48
    >>> zoo.load("dcwh_resnet9_fashion_mnist_48", num_classes=4, code_length=16).num_classes
    4
    """
    is_trunk, preset = name in trunks(), presets().get(name)
    if not (is_trunk or preset):
        raise unknown_model(name)
    if is_trunk and (num_classes is None or code_length is None):
        raise InputError(
            f"{name} is a backbone without hash layer; give num_classes and code_length to train a "
            "hasher on it, or use zoo.load_backbone."
        )
    if method is None:
        method = preset.method if preset else DEFAULT_METHOD
    unit_length = get_method(method).unit_length
    start_tensorflow()

    changed = (num_classes, code_length, class_names, image_shape, hidden_units)
    fresh = method != getattr(preset, "method", None) or any(v is not None for v in changed)
    if preset:
        code_length = preset.code_length if code_length is None else code_length
        if num_classes in (None, len(preset.class_names)) and class_names is None:
            class_names = preset.class_names
        num_classes = len(preset.class_names) if num_classes is None else num_classes
        image_shape = preset.image_shape if image_shape is None else image_shape
        hidden_units = preset.hidden_units if hidden_units is None else hidden_units

    from classwise.zoo.models.hasher import Hasher

    hasher = Hasher(
        load_backbone(name, image_shape, mirror),
        code_length=code_length,
        num_classes=num_classes,
        normalize=unit_length,
        class_names=class_names,
        hidden_units=hidden_units or 0,
    )
    return hasher if fresh else restore(hasher, preset, mirror)


def restore(hasher: Hasher, preset: Preset, mirror: str | Sequence[str] | None = None) -> Hasher:
    """Gives a hasher the head, the class centres and the loss of a preset."""
    weights = read_weights(check_file(preset, mirror))
    assign_weights(head_variables(hasher), weights, preset.name)
    loss = build_loss(preset.method, preset.recipe["stages"][-1]["loss"])
    hasher.compile(optimizer="adamw", loss=loss, metrics=["accuracy"])
    return hasher


def load_backbone(
    name: str,
    image_shape: tuple[int, int, int] | None = None,
    mirror: str | Sequence[str] | None = None,
) -> keras.Model:
    """Loads a pretrained backbone: images 0-255 in, pooled features `[B, F]` out.

    Its batch normalization keeps its statistics while it trains; `zoo.Hasher(backbone, ...,
    batch_norm="training")` lets it learn new ones.

    Args:
        name: a trunk, such as `"efficientnet_lite0_imagenet"`, or a preset, whose trunk is meant.
        image_shape: (height, width, channels) of the images; the convolutions take any size.
            Defaults to what the backbone was trained on.
        mirror: as in `load`.

    Raises:
        InputError: no such trunk or preset, its file is altered or cannot be had, or the backbone
            does not take images of that shape, or of so many channels.

    Example:

    >>> from classwise import zoo
    >>> zoo.load_backbone("dcwh_resnet9_fashion_mnist_48").output_shape
    (None, 192)
    """
    from classwise.zoo.datasets.read_images import check_image_shape

    trunk = get_trunk(name)
    channels = trunk.image_shape[2]
    image_shape = trunk.image_shape if image_shape is None else check_image_shape(image_shape)
    if image_shape[2] != channels:
        raise InputError(
            f"{trunk.name} was trained on images of {channels} channel(s), and image_shape is "
            f"{image_shape}; give {(*image_shape[:2], channels)}."
        )
    weights = read_weights(check_file(trunk, mirror))
    start_tensorflow()

    from classwise.zoo.backbones import build_backbone
    from classwise.zoo.backbones.batch_norm import set_batch_norm

    backbone = build_backbone(trunk.backbone, image_shape)
    set_batch_norm(backbone, "inference")
    assign_weights(variables_by_path(backbone), weights, trunk.name)
    backbone(backbone.inputs)  # Keras exports what was called once
    return backbone


def check_file(entry: WeightFile, mirror: str | Sequence[str] | None = None) -> Path:
    """Returns where an entry's file lies, once it has the recorded SHA-256; see `locate`."""
    try:
        return locate(entry.file, entry.bytes, entry.sha256, mirror)
    except InputError as error:
        raise InputError(f"{entry.name}: {error}") from error


def head_variables(hasher: Hasher) -> dict:
    """Returns by name the variables that a preset's own file stores."""
    dense = [layer for layer in (hasher.hidden_layer, hasher.hash_layer) if layer is not None]
    weights = {f"{layer.name}/{weight.name}": weight for layer in dense for weight in layer.weights}
    return {**weights, "class_centers/centers": hasher.class_centers.centers}


def load_any(name_or_path: str | os.PathLike) -> Hasher:
    """Loads a preset by its name, or a `.keras` file by its path."""
    path = Path(name_or_path)
    if path.suffix == ".keras" or path.is_file():
        return load_file(path)
    name = str(name_or_path)
    if name not in presets() and name not in trunks():
        raise unknown_model(name, "preset or file")
    return load(name)
