"""Opens a model by what it is: a preset, a `.keras` file, or one of the exported formats."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.proof.runtimes.litert import open_litert
from classwise.export.proof.runtimes.model import Model
from classwise.export.proof.runtimes.onnx_runtime import open_onnx
from classwise.export.proof.runtimes.openvino import open_openvino
from classwise.export.proof.runtimes.saved_model import open_saved_model
from classwise.zoo.encoding.onnx_session import PROVIDERS
from classwise.zoo.foundation.errors import InputError, unknown_name

if TYPE_CHECKING:
    import os

    from classwise.zoo import Hasher

READERS = {".onnx": open_onnx, ".tflite": open_litert}
# What may stand before an ONNX file, with a colon: a provider of ONNX Runtime, or OpenVINO, which
# is itself here and not ONNX Runtime's provider of that name.
ENGINES = {name: functools.partial(open_onnx, provider=name) for name in PROVIDERS}
ENGINES["openvino"] = open_openvino


def open_model(model: Hasher | str | os.PathLike) -> Model:
    """Opens a hasher, or what a name or a path stands for, to be run.

    Args:
        model: a `Hasher`; a preset's name; a `.keras`, `.onnx` or `.tflite` file; a SavedModel
            folder; or an ONNX file with what is to run it, `openvino:FILE.onnx`, or a provider
            of ONNX Runtime, `cuda:FILE.onnx`.

    Raises:
        InputError: nothing is there, or its runtime is missing or can't read it.
    """
    if not isinstance(model, str | Path):
        if hasattr(model, "image_shape"):
            return keras_hasher(model)
        model = Path(model)
    name = str(model)
    engine, colon, file = name.partition(":")
    path = Path(name)
    if colon and engine in ENGINES:
        return ENGINES[engine](exported(engine, Path(file)))
    if colon and Path(file).is_file() and not path.exists():
        raise unknown_name("runtime", engine, ENGINES)
    if path.is_dir():
        return open_saved_model(path)
    if path.suffix in READERS:
        return READERS[path.suffix](existing(path))

    from classwise.zoo.presets.load import load_any

    return keras_hasher(load_any(name), name, path.stat().st_size if path.is_file() else None)


def keras_hasher(hasher: Hasher, *details) -> Model:
    # Loads Keras, which other formats run without.
    from classwise.export.proof.runtimes.keras_hasher import keras_model

    return keras_model(hasher, *details)


def exported(engine: str, path: Path) -> Path:
    """Returns a path, or raises `InputError` if it is no file that a runtime could be named for."""
    if not path.is_file():
        raise InputError(
            f"{engine}: needs an ONNX file after it, and '{path}' is none; `classwise export` "
            "writes one."
        )
    return path


def existing(path: Path) -> Path:
    """Returns a path, or raises `InputError` if no file is there."""
    if not path.is_file():
        raise InputError(
            f"{path} does not exist; give a preset, a .keras, .onnx or .tflite file, or a "
            "SavedModel folder."
        )
    return path
