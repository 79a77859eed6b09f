"""Writes operators that some GPU runtimes lack in terms of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    if found:
        one = require("onnx.numpy_helper").from_array(np.float32(1), ONE)
        graph.initializer.append(one)
