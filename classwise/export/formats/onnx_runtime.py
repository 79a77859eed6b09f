"""ONNX files in ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.export.graph.model import Model, Signature, Tensor
from classwise.zoo.encoding.onnx_session import open_session, running_provider
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

TYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


def open_onnx(path: Path, provider: str = "cpu") -> Model:
    """Opens an ONNX file on a provider, or raises `InputError` if it does not load or run there."""
    session = open_session(path, [provider], require_provider=True)

    def tensors(arguments) -> dict[str, Tensor]:
        return {a.name: Tensor(TYPES.get(a.type, a.type), tuple(a.shape)) for a in arguments}

    inputs, outputs = tensors(session.get_inputs()), tensors(session.get_outputs())

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(outputs, session.run(None, {next(iter(inputs)): images}), strict=True))

    version = require("onnxruntime").__version__
    engine = f"ONNX Runtime {version} on {running_provider(session)}"
    return Model(str(path), engine, [Signature("", inputs, outputs, run)], path.stat().st_size)
