"""Makes an ONNX graph readable in Netron, and the same bytes for the same hasher every time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from classwise.export.onnx.layer_paths import layer_path
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

WEIGHTED = {"Conv", "ConvTranspose", "MatMul", "Gemm"}


def tidy_graph(graph: onnx.GraphProto, layers: set[str], opset: int) -> None:
    """Sorts and renames everything inside a graph; inputs and outputs keep their names.

    tf2onnx numbers its nodes through the life of a process and lists weights in any order. Here
    nodes stand in the order in which the outputs need them and carry the name of their Keras
    layer and operator (`resnet9/stem_conv/Conv`); weights and constants stand in order of use
    and carry their role in addition (`resnet9/stem_conv/Conv/W`).

    Args:
        graph: changed in place.
        layers: names of the Keras layers, see `layer_names`.
        opset: operator set of the graph, which knows the roles.
    """
    nodes = nodes_in_order(graph)
    weights = {weight.name: weight for weight in graph.initializer}
    names = {value.name: value.name for value in (*graph.input, *graph.output)}
    used, used_weights = Counter(), []
    for node in nodes:
        node.name = unique(f"{layer_of(node, weights, layers)}/{node.op_type}".lstrip("/"), used)
        roles = require("onnx.defs").get_schema(node.op_type, opset, node.domain).inputs
        for position, value in enumerate(node.input):
            if value in weights and value not in names:
                role = roles[min(position, len(roles) - 1)].name
                names[value] = unique(f"{node.name}/{role}", used)
                used_weights.append(weights[value])
        for position, value in enumerate(node.output):
            names.setdefault(value, node.name + (f"/{position}" if position else ""))
        node.input[:] = [names.get(value, value) for value in node.input]
        node.output[:] = [names[value] if value else "" for value in node.output]
        node.ClearField("doc_string")
    for weight in used_weights:
        weight.name = names[weight.name]
    replace(graph.node, nodes)
    replace(graph.initializer, used_weights)
    del graph.value_info[:]


def has_bodies(graph: onnx.GraphProto) -> bool:
    """Returns whether a graph has loops or branches, whose bodies refer to names outside."""
    return any(attribute.HasField("g") for node in graph.node for attribute in node.attribute)


def nodes_in_order(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the nodes that the outputs need, every node after those that it needs."""
    producer = {value: node for node in graph.node for value in node.output if value}
    ordered: dict[int, onnx.NodeProto] = {}
    stack = [(value.name, False) for value in reversed(graph.output)]
    while stack:
        value, inputs_done = stack.pop()
        node = producer.get(value)
        if node is None or id(node) in ordered:
            continue
        if inputs_done:
            ordered[id(node)] = node
        else:
            stack.append((value, True))
            stack.extend((needed, False) for needed in reversed(node.input))
    return list(ordered.values())


def layer_of(node: onnx.NodeProto, weights: dict, layers: set[str]) -> str:
    """Returns the path of the innermost Keras layer that a node came from, or "".

    A convolution into which a batch normalization was folded bears the latter's name in
    TensorFlow; its weights still bear its own.
    """
    origin = node.name
    if node.op_type in WEIGHTED and node.input[1] in weights:
        origin = node.input[1]
    return layer_path(origin, layers) or layer_path(node.name, layers)


def unique(name: str, used: Counter) -> str:
    """Returns `name`, or `name_2`, `name_3`, ... when it was used before."""
    used[name] += 1
    return name if used[name] == 1 else unique(f"{name}_{used[name]}", used)


def replace(field, messages: list) -> None:
    """Sets a repeated field to some of its own messages, in a new order."""
    copies = [type(message).FromString(message.SerializeToString()) for message in messages]
    del field[:]
    field.extend(copies)
