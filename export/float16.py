"""ONNX models that compute in float16 inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.export.head import after_backbone
from classwise.export.tidy_graph import nodes_in_order, replace
from classwise.zoo.extras import require

if TYPE_CHECKING:
    import onnx


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy of a model that computes its backbone in float16, half the size.

    Inputs and outputs keep their types. The head and what follows stay float32: they cost next to
    nothing, and the sign of an embedding is the product.
    """
    onnx = require("onnx")
    float16 = require("onnxruntime.transformers.float16")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    converted = float16.convert_float_to_float16(
        copy,
        keep_io_types=True,
        node_block_list=[node.name for node in after_backbone(model.graph)],
    )
    # Its casts stand at the end, whoever needs them.
    replace(converted.graph.node, nodes_in_order(converted.graph))
    return converted
