"""Folds into convolutions the scales and shifts that a batch normalization left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.graph_values import constants_of, only_users
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx


def fold_scales(graph: onnx.GraphProto) -> None:
    """Folds constant `Mul` and `Add` nodes after a `Conv` into its kernel and bias, in place.

    TensorFlow folds a batch normalization into a plain convolution, but not into a depthwise one,
    and not through a `MaxPool` between the two: a product, and a sum with one number a channel,
    stay behind.

    Formula:

        (x * W + b) s + a = x * (W s) + (b s + a)
        max(x) s + a = max(x s + a)        for s > 0
    """
    numpy_helper = require("onnx.numpy_helper")
    constants, users = constants_of(graph), only_users(graph)
    for number, conv in enumerate(list(graph.node)):
        if conv.op_type != "Conv" or not set(conv.input[1:]) <= set(constants):
            continue
        kernel, *bias = (constants[name] for name in conv.input[1:])
        channels = len(kernel)
        bias = bias[0] if bias else np.zeros(channels, kernel.dtype)
        folded, last = False, conv
        while (node := users.get(last.output[0])) is not None:
            if node.op_type == "MaxPool" and last is conv:
                last = node
                continue
            vector = channel_vector(node, last.output[0], constants, channels)
            if vector is None:
                break
            if node.op_type == "Mul":
                if last is not conv and (vector <= 0).any():
                    break
                kernel, bias = kernel * vector.reshape(-1, *[1] * (kernel.ndim - 1)), bias * vector
            else:
                bias = bias + vector
            last.output[0] = node.output[0]
            graph.node.remove(node)
            folded = True
        if folded:
            # New names, since other nodes may share the old constants.
            names = [f"{conv.input[1]}/folded{number}", f"{conv.input[1]}/bias{number}"]
            conv.input[1:] = names
            for name, array in zip(names, (kernel, bias), strict=True):
                graph.initializer.append(numpy_helper.from_array(array, name))


def channel_vector(
    node: onnx.NodeProto, value: str, constants: dict[str, np.ndarray], channels: int
) -> np.ndarray | None:
    """Returns the constant `[channels]` that a `Mul` or `Add` applies to `value`, or None."""
    if node.op_type not in ("Mul", "Add"):
        return None
    others = [constants.get(name) for name in node.input if name != value]
    if len(others) != 1 or others[0] is None:
        return None
    # Channels are the second of four axes: [1, C, 1, 1], [C, 1, 1] or one number fit.
    shape = (1,) * (4 - others[0].ndim) + others[0].shape
    if shape not in ((1, channels, 1, 1), (1, 1, 1, 1)):
        return None
    return np.broadcast_to(others[0].reshape(-1), (channels,))
