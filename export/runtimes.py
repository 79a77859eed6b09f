"""Exported files behind one interface: what they take, what they give, and a way to run them.

Another runtime is another class with `signatures`, and a line in `open_exported`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.extras import require
from classwise.export.signature import BATCH
from classwise.zoo.errors import InputError

if TYPE_CHECKING:
    import os


@dataclass(frozen=True)
class Tensor:
    """Type and shape of an input or output; a dynamic axis is its name."""

    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True)
class Signature:
    """One way to call an exported file.

    Attributes:
        name: as the file calls it; "" where a file has only one.
        inputs, outputs: by name.
        run: computes the outputs, by name, of one batch of images.
    """

    name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    run: Callable[[np.ndarray], dict[str, np.ndarray]]


def open_exported(path: str | os.PathLike) -> list[Signature]:
    """Opens an exported file or folder, whichever format it has.

    Raises:
        InputError: nothing is there, or no runtime can read it.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist; give an ONNX file or a SavedModel folder.")
    return open_saved_model(path) if path.is_dir() else open_onnx(path)


def open_onnx(path: Path) -> list[Signature]:
    """Opens an ONNX file with ONNX Runtime on the CPU; raises `InputError` if it can't be read."""
    onnxruntime = require("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions share no other base
        raise unreadable(path, "an ONNX file that ONNX Runtime can load", error) from error

    def tensors(arguments) -> dict[str, Tensor]:
        types = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}
        return {a.name: Tensor(types.get(a.type, a.type), tuple(a.shape)) for a in arguments}

    inputs, outputs = tensors(session.get_inputs()), tensors(session.get_outputs())

    def run(images):
        return dict(zip(outputs, session.run(None, {next(iter(inputs)): images}), strict=True))

    return [Signature("", inputs, outputs, run)]


def open_saved_model(path: Path) -> list[Signature]:
    """Opens a SavedModel folder; raises `InputError` if it can't be read."""
    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # OSError, tf.errors.OpError, DecodeError, ... by what is broken
        raise unreadable(path, "a SavedModel that TensorFlow can load", error) from error

    def tensor(spec) -> Tensor:
        first, *rest = [size if size is not None else "?" for size in spec.shape]
        return Tensor(spec.dtype.name, (BATCH if first == "?" else first, *rest))

    def signature(name) -> Signature:
        function = loaded.signatures[name]
        inputs = {k: tensor(v) for k, v in function.structured_input_signature[1].items()}
        outputs = {k: tensor(v) for k, v in function.structured_outputs.items()}

        def run(images):
            # Through `loaded`, so that it lives as long as this: it owns the variables.
            results = loaded.signatures[name](**{next(iter(inputs)): tf.constant(images)})
            return {key: value.numpy() for key, value in results.items()}

        return Signature(name, inputs, outputs, run)

    return [signature(name) for name in loaded.signatures]


def unreadable(path: Path, kind: str, error: Exception) -> InputError:
    reason = str(error).strip().split("\n")[0][:200]
    return InputError(f"{path} is not {kind} ({reason}); export it again.")
