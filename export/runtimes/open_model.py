"""Opens a model by what it is: a preset, a `.keras` file, or one of the exported formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.runtimes.litert import open_litert
from classwise.export.runtimes.model import Model
from classwise.export.runtimes.onnx_runtime import open_onnx
from classwise.export.runtimes.openvino import open_openvino
from classwise.export.runtimes.saved_model import open_saved_model
from classwise.zoo.errors import InputError

if TYPE_CHECKING:
    import os

    from classwise.zoo import Hasher

READERS = {".onnx": open_onnx, ".tflite": open_litert}
OPENVINO = "openvino:"


def open_model(model: Hasher | str | os.PathLike) -> Model:
    """Opens a hasher, or what a name or a path stands for, to be run.

    Args:
        model: a `Hasher`; a preset's name; a `.keras`, `.onnx` or `.tflite` file; a SavedModel
            folder; or an ONNX file for OpenVINO, written `openvino:FILE.onnx`.

    Raises:
        InputError: nothing is there, or its runtime is missing or can't read it.
    """
    if not isinstance(model, str | Path):
        if hasattr(model, "image_shape"):
            return keras_hasher(model)
        model = Path(model)
    name = str(model)
    if name.startswith(OPENVINO):
        return open_openvino(existing(Path(name.removeprefix(OPENVINO))))
    path = Path(name)
    if path.is_dir():
        return open_saved_model(path)
    if path.suffix in READERS:
        return READERS[path.suffix](existing(path))

    from classwise.zoo.presets.load import load_any

    return keras_hasher(load_any(name), name, path.stat().st_size if path.is_file() else None)


def keras_hasher(hasher: Hasher, *details) -> Model:
    # Loads Keras, which other formats run without.
    from classwise.export.runtimes.keras_hasher import keras_model

    return keras_model(hasher, *details)


def existing(path: Path) -> Path:
    """Returns a path, or raises `InputError` if no file is there."""
    if not path.is_file():
        raise InputError(
            f"{path} does not exist; give a preset, a .keras, .onnx or .tflite file, or a "
            "SavedModel folder."
        )
    return path
