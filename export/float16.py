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
    float16 = require("onnxruntime.transformers.float16")
    copy = require("onnx").ModelProto()
    copy.CopyFrom(model)
    converted = float16.convert_float_to_float16(
        copy,
        keep_io_types=True,
        node_block_list=[
            node.name for node in first_layers(model.graph) + after_backbone(model.graph)
        ],
    )
    join_casts(converted, {node.name: list(node.output) for node in model.graph.node})
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


def join_casts(model: onnx.ModelProto, outputs: dict[str, list[str]]) -> None:
    """Removes casts from float32 to float16 and back, in place.

    The converter puts them around each node that stays float32, so that what one of these nodes
    gives to the next would be rounded all the same.

    Args:
        model: as converted; its casts stand at the end, whoever needs them.
        outputs: of each node by its name, as they were called before the conversion.
    """
    onnx = require("onnx")
    graph, kinds = model.graph, onnx.TensorProto
    replace(graph.node, nodes_in_order(graph))
    del graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    whole = {value.name for value in inferred if value.type.tensor_type.elem_type == kinds.FLOAT}
    halved = {n.output[0]: n.input[0] for n in graph.node if casts_to(n, kinds.FLOAT16)}
    same = {
        node.output[0]: halved[node.input[0]]
        for node in graph.node
        if casts_to(node, kinds.FLOAT) and halved.get(node.input[0]) in whole
    }
    returned = {same[value.name]: value.name for value in graph.output if value.name in same}
    replace(graph.node, [node for node in graph.node if node.output[0] not in same])
    rename(graph, {name: returned.get(value, value) for name, value in same.items()} | returned)
    replace(graph.node, nodes_in_order(graph))
    taken = {name for node in graph.node for name in node.output}
    pairs = [
        pair
        for node in graph.node
        for pair in zip(node.output, outputs.get(node.name, node.output), strict=True)
    ]
    rename(graph, {name: before for name, before in pairs if before not in taken})


def casts_to(node: onnx.NodeProto, kind: int) -> bool:
    """Returns whether a node is a cast to that element type."""
    return node.op_type == "Cast" and node.attribute[0].i == kind


def rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Renames values between the nodes."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
