"""Loading of hashers and their backbones: presets by name, one's own by path or URL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow
from classwise.zoo.methods import DEFAULT_METHOD, build_loss, get_method
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.models.preset_folder import load_preset_folder
from classwise.zoo.presets.find_model import (
    PRESET,
    PRESET_FOLDER,
    TRUNK,
    FoundModel,
    read_model,
)
from classwise.zoo.presets.locate import locate
from classwise.zoo.presets.registry import (
    Preset,
    Trunk,
    get_trunk,
    presets,
)
from classwise.zoo.presets.weight_files import assign_weights, read_weights, variables_by_path

if TYPE_CHECKING:
    import keras

    from classwise.zoo.models.hasher import Hasher


def load(
    name: str | os.PathLike,
    *,
    num_classes: int | None = None,
    code_length: int | None = None,
    class_names: Sequence[str] | None = None,
    method: str | None = None,
    image_shape: tuple[int, int, int] | None = None,
    hidden_units: int | None = None,
    mirror: str | Sequence[str] | None = None,
) -> Hasher:
    """Loads a hasher: a preset by its name, one's own by a path, a URL or a hub's name.

    A preset's files must have the recorded SHA-256; what is not bundled comes from the cache, or is
    fetched from a mirror into it. Nothing in a file is executed.

    As it is, it encodes, and goes on training with its recipe's loss. With any of the other
    arguments, whatever their values, its backbone comes with a fresh head and fresh class centers,
    to `compile` and `fit` on other images. A head is a hash layer, in some presets with a hidden
    layer below it.

    Args:
        name: one of `zoo.list_models()`; a `.keras` file; a folder of `hasher.save_preset`;
            `"hf://OWNER/MODEL"`, such a folder on a model hub; or `"https://HOST/FILE.keras"`, with
            `#sha256=` and its checksum to be fetched once. With `num_classes` and `code_length`,
            also a trunk such as `"efficientnet_lite0_imagenet"`.
        num_classes: C of the images to train on. Defaults to the preset's.
        code_length: L, 1 to 4,096 bits. Defaults to the preset's.
        class_names: C names, kept with a hasher that gets fresh centers.
        method: a name of `zoo.methods.METHODS`, such as `"vmf"`, whose embeddings have unit length.
            Defaults to the preset's, on a trunk to DEFAULT_METHOD, `"dcwh"`.
        image_shape: (height, width, channels) of the images to train on; the convolutions take
            any size. Defaults to what the backbone was trained on.
        hidden_units: units of a hidden layer below the hash layer, 0 for none. Defaults to the
            preset's, 0 on a trunk.
        mirror: URLs to fetch from, `https://`, `file://` or `hf://owner/repo`. Defaults to those
            of the environment variable CLASSWISE_MIRRORS.

    Raises:
        InputError: no such preset, file or folder; it is altered, no hasher, or cannot be had; an
            argument is out of range; or a trunk is to be loaded as if it were a hasher.

    Example:

    >>> from classwise import zoo
    >>> zoo.load("dcwh_resnet9_fashion_mnist_48").code_length
    48
    >>> zoo.load("dcwh_resnet9_fashion_mnist_48", num_classes=4, code_length=16).num_classes
    4
    """
    changes = {
        "num_classes": num_classes,
        "code_length": code_length,
        "class_names": class_names,
        "method": method,
        "image_shape": image_shape,
        "hidden_units": hidden_units,
    }
    pretrained = partial(load_pretrained, changes=changes, mirror=mirror)
    own = partial(load_own, changes=changes)
    readers = {PRESET: pretrained, TRUNK: pretrained, ".keras": own, PRESET_FOLDER: own}
    return read_model(name, readers)


def load_pretrained(found: FoundModel, changes: dict, mirror: str | Sequence[str] | None) -> Hasher:
    """Loads a preset, or a trunk with a fresh head; `changes` are arguments of `load`."""
    name, preset = found.name, presets().get(found.name)
    if not preset and (changes["num_classes"] is None or changes["code_length"] is None):
        raise InputError(
            f"{name} is a backbone without hash layer; give num_classes and code_length to train a "
            "hasher on it, or use zoo.load_backbone."
        )
    check_method(changes["method"])
    start_tensorflow()
    image_shape = changes["image_shape"] or (preset.image_shape if preset else None)
    backbone = load_backbone(name, image_shape, mirror)
    if not preset:
        return fresh_hasher(backbone, changes | {"method": changes["method"] or DEFAULT_METHOD})
    settings = {
        "num_classes": len(preset.class_names),
        "code_length": preset.code_length,
        "class_names": preset.class_names,
        "method": preset.method,
        "hidden_units": preset.hidden_units,
    }
    hasher = fresh_hasher(backbone, changes, settings)
    return hasher if is_fresh(changes, preset.method) else restore(hasher, preset, mirror)


def load_own(found: FoundModel, changes: dict) -> Hasher:
    """Loads somebody's file or folder, with a fresh head where `changes` ask for one."""
    check_method(changes["method"])
    reader = load_preset_folder if found.kind == PRESET_FOLDER else load_file
    hasher = reader(found.path or found.name)
    if not is_fresh(changes):
        return hasher
    if changes["image_shape"] not in (None, hasher.image_shape):
        raise InputError(
            f"{found.name} takes images of {hasher.image_shape}, and image_shape is "
            f"{changes['image_shape']}; leave it out, and read the images at that size."
        )
    return fresh_hasher(hasher.backbone, changes, hasher.settings)


def check_method(method: str | None) -> None:
    """Raises `InputError` for a method that there is not."""
    if method is not None:
        get_method(method)


def is_fresh(changes: dict, method: str | None = None) -> bool:
    """Returns whether a hasher gets a fresh head: for any change but to the method it has."""
    return any(v is not None and (k, v) != ("method", method) for k, v in changes.items())


def fresh_hasher(backbone: keras.Model, changes: dict, settings: dict | None = None) -> Hasher:
    """Builds a hasher on a backbone, with settings and what changes in them."""
    from classwise.zoo.models.hasher import Hasher

    settings = {"class_names": None, "hidden_units": 0} | (settings or {})
    given = {k: v for k, v in changes.items() if v is not None and k != "image_shape"}
    if given.get("num_classes") not in (None, settings.get("num_classes")):
        settings["class_names"] = None
    settings |= given
    method = settings.pop("method", None)
    if method is not None:
        settings["normalize"] = get_method(method).unit_length
        settings["initial_centers"] = get_method(method).initial_centers
    return Hasher(backbone, **settings)


def restore(hasher: Hasher, preset: Preset, mirror: str | Sequence[str] | None = None) -> Hasher:
    """Gives a hasher the head, the class centers and the loss of a preset."""
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


def check_file(entry: Preset | Trunk, mirror: str | Sequence[str] | None = None) -> Path:
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
