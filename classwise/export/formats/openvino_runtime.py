"""ONNX files in OpenVINO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.export.graph.model import Model, Signature, Tensor, axis, unreadable_model
from classwise.zoo.encoding.onnx_digest import check_whole
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

# Some CPUs compute in bfloat16 unless told otherwise, and bits would flip.
EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def open_openvino(path: Path) -> Model:
    """Opens an ONNX file; raises `InputError` if OpenVINO can't load it."""
    from importlib.metadata import version  # imports sockets: not for --help

    openvino = require("openvino", "openvino")
    check_whole(path)
    try:
        core = openvino.Core()
        model = core.read_model(path)
        compiled = core.compile_model(model, "CPU", EXACT)
    except Exception as error:  # RuntimeError for whatever is broken
        raise unreadable_model(path, "an ONNX file that OpenVINO can load", error) from error

    def tensors(arguments) -> dict[str, Tensor]:
        return {
            argument.get_any_name(): Tensor(
                argument.element_type.to_dtype().name,
                tuple(
                    axis(None if size.is_dynamic else size.get_length(), k == 0)
                    for k, size in enumerate(argument.partial_shape)
                ),
            )
            for argument in arguments
        }

    inputs, outputs = tensors(model.inputs), tensors(model.outputs)

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        results = compiled({next(iter(inputs)): images})
        return {name: results[name] for name in outputs}

    engine = f"OpenVINO {version('openvino')}"
    return Model(str(path), engine, [Signature("", inputs, outputs, run)], path.stat().st_size)
