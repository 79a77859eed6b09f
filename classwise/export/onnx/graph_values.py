"""What an ONNX graph says of its values: who uses them, which are constant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx


def graphs_in(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yields a graph, and those inside it: the bodies of its branches and loops, at any depth."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for body in (attribute.g, *attribute.graphs):
                if body.node:
                    yield from graphs_in(body)


def constants_of(graph: onnx.GraphProto) -> dict[str, np.ndarray]:
    """Returns the constants of a graph by name."""
    to_array = require("onnx.numpy_helper").to_array
    return {constant.name: to_array(constant) for constant in graph.initializer}


def users_of(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto]]:
    """Returns the nodes that take each value."""
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for value in node.input:
            users.setdefault(value, []).append(node)
    return users


def only_users(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    """Returns the node that takes a value, for values that one node takes and nobody else sees."""
    outputs = {value.name for value in graph.output}
    users = users_of(graph)
    return {
        value: nodes[0]
        for value, nodes in users.items()
        if len(nodes) == 1 and value not in outputs
    }


def attributes_of(node: onnx.NodeProto) -> dict[str, object]:
    """Returns the attributes of a node by name; those that it leaves out are missing."""
    get_value = require("onnx.helper").get_attribute_value
    return {attribute.name: get_value(attribute) for attribute in node.attribute}
