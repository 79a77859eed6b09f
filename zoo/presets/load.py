"""Loading of hashers: presets by name, files by path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.errors import InputError
from classwise.zoo.files import sha256
from classwise.zoo.presets.registry import Preset, get_preset
from classwise.zoo.quiet import start_tensorflow

if TYPE_CHECKING:
    from classwise.zoo.hasher import Hasher


def load(
    name: str,
    *,
    num_classes: int | None = None,
    code_length: int | None = None,
    class_names: Sequence[str] | None = None,
) -> Hasher:
    """Loads a pretrained hasher by its name, once its file's SHA-256 is the recorded one.

    As it is, it encodes. With `num_classes` or `code_length`, its backbone comes with a fresh hash
    layer and fresh class centres, to `compile` and `fit` on other images.

    Args:
        name: one of `zoo.list_models()`.
        num_classes: C of the images to train on. Defaults to the preset's.
        code_length: L, 1 to 4,096 bits. Defaults to the preset's.
        class_names: C names, kept with a hasher that gets fresh centres.

    Raises:
        InputError: no such preset, its file is missing or altered, or a number is out of range.

    Example:

    >>> from classwise import zoo
    >>> zoo.load("dcwh_resnet20_fashion_mnist_48").code_length
    48
    >>> zoo.load("dcwh_resnet20_fashion_mnist_48", num_classes=4, code_length=16).num_classes
    4
    """
    preset = get_preset(name)
    check_file(preset)
    hasher = load_file(preset.path)
    if num_classes is None and code_length is None and class_names is None:
        return hasher
    if num_classes in (None, hasher.num_classes) and class_names is None:
        class_names = hasher.class_names
    return type(hasher)(
        hasher.backbone,
        code_length=hasher.code_length if code_length is None else code_length,
        num_classes=hasher.num_classes if num_classes is None else num_classes,
        normalize=hasher.normalize,
        class_names=class_names,
    )


def check_file(preset: Preset) -> None:
    """Raises `InputError` unless a preset's file is there and has the recorded SHA-256."""
    if not preset.path.is_file():
        raise InputError(f"{preset.name}: its file {preset.file} is missing; reinstall classwise.")
    found = sha256(preset.path)
    if found != preset.sha256:
        raise InputError(
            f"{preset.name}: {preset.file} has SHA-256 {found[:12]}..., not the recorded "
            f"{preset.sha256[:12]}...; the file was altered or cut: reinstall classwise."
        )


def load_file(path: str | os.PathLike) -> Hasher:
    """Loads a hasher from a `.keras` file; nothing in the file is executed.

    Raises:
        InputError: no such file, another kind of file, or one that is cut or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no model file {path}.")
    start_tensorflow()

    import keras

    from classwise.zoo.hasher import Hasher

    try:
        model = keras.saving.load_model(path, compile=True, safe_mode=True)
    except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own through
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} is not a readable .keras file: {reason[:200]}") from error
    if not isinstance(model, Hasher):
        raise InputError(
            f"{path} holds a {type(model).__name__}, not a classwise Hasher; wrap a backbone with "
            "zoo.Hasher(backbone, code_length, num_classes) and train it."
        )
    return model


def load_any(name_or_path: str | os.PathLike) -> Hasher:
    """Loads a preset by its name, or a `.keras` file by its path."""
    path = Path(name_or_path)
    if path.suffix == ".keras" or path.is_file():
        return load_file(path)
    return load(str(name_or_path))
