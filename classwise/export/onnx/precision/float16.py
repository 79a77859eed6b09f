"""ONNX models that compute in float16 inside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.head import after_backbone, head_position
from classwise.export.onnx.tidy_graph import WEIGHTED, nodes_in_order, replace
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

# Of the backbone's weights. On EfficientNet-Lite0 a third of the bits that differ came from there.
FLOAT32_SHARE = 1e-3


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns a copy of a model that computes its backbone in float16, half the size.

    Inputs and outputs keep their types. The head and what follows stay float32: they cost next to
    nothing, and the sign of an embedding is the product. So do the first layers, whose few rounded
    weights would be the largest source of bits that differ.
    """
    float16 = require("onnxruntime.transformers.float16")
    copy = require("onnx").ModelProto()
    copy.CopyFrom(model)
    del copy.metadata_props[:]  # they speak of the float32 file
    kept = [node.name for node in first_layers(model.graph) + after_backbone(model.graph)]
    separate_constants(copy.graph, set(kept))
    converted = float16.convert_float_to_float16(copy, keep_io_types=True, node_block_list=kept)
    # Its casts stand at the end, whoever needs them, and its types are those of before.
    replace(converted.graph.node, nodes_in_order(converted.graph))
    del converted.graph.value_info[:]
    join_casts(converted)
    restore_names(converted.graph, model.graph)
    return converted


def first_layers(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the nodes that hold the first thousandth of the backbone's weights."""
    nodes = list(graph.node)[: head_position(graph)]
    sizes = {constant.name: math.prod(constant.dims) for constant in graph.initializer}
    weights = [
        sum(sizes.get(name, 0) for name in node.input) if node.op_type in WEIGHTED else 0
        for node in nodes
    ]
    if not any(weights):
        return []
    end = np.searchsorted(np.cumsum(weights), FLOAT32_SHARE * sum(weights), side="right")
    return nodes[:end]


def separate_constants(graph: onnx.GraphProto, kept: set[str]) -> None:
    """Gives the nodes that stay float32 constants of their own, in place.

    The converter would round a constant for all its users if one of them computes in float16.
    """
    lowered = {name for node in graph.node if node.name not in kept for name in node.input}
    own = {}
    for constant in graph.initializer:
        if constant.name in lowered:
            own[constant.name] = copy = type(constant)()
            copy.CopyFrom(constant)
            copy.name += "_float32"
    for node in graph.node:
        if node.name in kept:
            node.input[:] = [own[name].name if name in own else name for name in node.input]
    used = {name for node in graph.node for name in node.input}
    graph.initializer.extend(copy for copy in own.values() if copy.name in used)


def join_casts(model: onnx.ModelProto) -> None:
    """Removes casts from float32 to float16 and back, in place.

    The converter puts them around each node that stays float32, so that what one of these nodes
    gives to the next would be rounded all the same.
    """
    onnx = require("onnx")
    graph, kinds = model.graph, onnx.TensorProto
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    float32 = {value.name for value in inferred if value.type.tensor_type.elem_type == kinds.FLOAT}
    halved = {n.output[0]: n.input[0] for n in graph.node if casts_to(n, kinds.FLOAT16)}
    original = {
        node.output[0]: halved[node.input[0]]
        for node in graph.node
        if casts_to(node, kinds.FLOAT) and halved.get(node.input[0]) in float32
    }
    replace(graph.node, [node for node in graph.node if node.output[0] not in original])
    outputs = {value.name for value in graph.output}
    returned = {value: name for name, value in original.items() if name in outputs}
    rename(graph, {name: returned.get(value, value) for name, value in original.items()} | returned)
    replace(graph.node, nodes_in_order(graph))


def restore_names(graph: onnx.GraphProto, before: onnx.GraphProto) -> None:
    """Names the outputs of nodes as they were before a conversion, in place.

    Where a cast had taken such a name, it gets the other one, `..._cast_to_fp16`.
    """
    names = {}
    outputs = {node.name: node.output for node in before.node}
    for node in graph.node:
        for name, wanted in zip(node.output, outputs.get(node.name, node.output), strict=True):
            if name != wanted:
                names |= {name: wanted, wanted: name}
    rename(graph, names)


def casts_to(node: onnx.NodeProto, kind: int) -> bool:
    """Returns whether a node is a cast to that element type."""
    return node.op_type == "Cast" and any(a.name == "to" and a.i == kind for a in node.attribute)


def rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Renames values between the nodes."""
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
