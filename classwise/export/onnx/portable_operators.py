"""Writes operators that ONNX, or some GPU runtimes, lack in terms of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.graph_values import graphs_in
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

ONE = "one"


def replace_reciprocals(graph: onnx.GraphProto) -> None:
    """Replaces 1/x by a division, in place: TensorRT has no `Reciprocal`.

    TensorFlow's unit normalization is x * rsqrt(|x|^2), which ONNX writes with it.
    """
    found = [node for node in graph.node if node.op_type == "Reciprocal"]
    for node in found:
        node.op_type = "Div"
        node.input.insert(0, ONE)
    add_one(graph, bool(found))


def replace_erfc(graph: onnx.GraphProto) -> None:
    """Replaces erfc(x) by 1 - erf(x), in place: ONNX has no `Erfc`.

    TensorFlow's exact GELU is x erfc(-x / sqrt(2)) / 2, which tf2onnx leaves as it is.
    """
    make_node = require("onnx.helper").make_node
    found = [
        (body, position)
        for body in graphs_in(graph)
        for position, node in enumerate(body.node)
        if node.op_type == "Erfc"
    ]
    for body, position in reversed(found):
        node = body.node[position]
        erf = make_node("Erf", node.input, [f"{node.output[0]}/erf"], f"{node.name}/erf")
        node.op_type = "Sub"
        node.input[:] = [ONE, erf.output[0]]
        body.node.insert(position, erf)
    add_one(graph, bool(found))  # bodies see it too


def add_one(graph: onnx.GraphProto, needed: bool) -> None:
    """Adds the constant 1 to a graph, if it is needed and not there."""
    if needed and all(constant.name != ONE for constant in graph.initializer):
        graph.initializer.append(require("onnx.numpy_helper").from_array(np.float32(1), ONE))
