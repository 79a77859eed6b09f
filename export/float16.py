"""ONNX models that compute in float16 inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.head import after_backbone, head_position
from classwise.export.tidy_graph import WEIGHTED, nodes_in_order, replace
from classwise.zoo.extras import require

if TYPE_CHECKING:
    import onnx

FIRST_WEIGHTS = 1e-3


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy of a model that computes its backbone in float16, half the size.

    Inputs and outputs keep their types. The head and what follows stay float32: they cost next to
    nothing, and the sign of an embedding is the product. So do the first layers, whose few rounded
    weights would be the largest source of bits that differ.
    """
    onnx = require("onnx")
    float16 = require("onnxruntime.transformers.float16")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    converted = float16.convert_float_to_float16(
        copy,
        keep_io_types=True,
        node_block_list=[
            node.name for node in first_layers(model.graph) + after_backbone(model.graph)
        ],
    )
    # Its casts stand at the end, whoever needs them.
    replace(converted.graph.node, nodes_in_order(converted.graph))
    return converted


def first_layers(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the nodes that hold the first thousandth of the backbone's weights."""
    nodes = list(graph.node)[: head_position(graph)]
    sizes = {constant.name: math.prod(constant.dims) for constant in graph.initializer}
    weights = [
        sum(sizes.get(name, 0) for name in node.input) if node.op_type in WEIGHTED else 0
        for node in nodes
    ]
    end = np.searchsorted(np.cumsum(weights), FIRST_WEIGHTS * sum(weights), side="right")
    return nodes[:end]
