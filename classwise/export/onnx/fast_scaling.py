"""Lets the way from the images to the first convolution run at the speed of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.export.onnx.graph_values import constants_of, only_users
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import onnx

SCALING = ("Mul", "Add", "Sub", "Div")
CHANNELS_FIRST = [0, 3, 1, 2]


def speed_up_scaling(graph: onnx.GraphProto) -> None:
    """Puts the scaling of the images behind their transposition, in place; no number changes.

    Keras scales images whose channels come last, with one constant a channel, and convolutions
    then want channels first. Runtimes apply a constant to runs of the last axis, on which it does
    not vary: of one number before the transposition, of whole planes behind it. On a small network
    this saves 5 % of the time.
    """
    numpy_helper = require("onnx.numpy_helper")
    constants = constants_of(graph)
    scaling, node = scaling_of_images(graph, constants)
    if node is not None and node.op_type == "Reshape":
        reshape_to_transpose(node, graph, constants)
    moved = bool(scaling) and node is not None and node.op_type == "Transpose"
    if moved:
        source, target = data_of(scaling[0], constants), node.output[0]
        node.input[0], node.output[0] = source, f"{target}/first"
        replace_input(scaling[0], source, node.output[0])
        scaling[-1].output[0] = target
    for number, step in enumerate(scaling):
        (name,) = (value for value in step.input if value in constants)
        array = constants[name]
        if array.size == 1:
            array = array.reshape(())
        elif moved:
            array = array.reshape((1,) * (4 - array.ndim) + array.shape)
            array = array.transpose(node.attribute[0].ints)
        # A new name, since other nodes may share the old constant.
        replace_input(step, name, f"{name}/scaling{number}")
        graph.initializer.append(numpy_helper.from_array(array, f"{name}/scaling{number}"))
    del graph.value_info[:]


def scaling_of_images(
    graph: onnx.GraphProto, constants: dict[str, np.ndarray]
) -> tuple[list[onnx.NodeProto], onnx.NodeProto | None]:
    """Returns the nodes that scale the images, and the one that follows, if it is alone."""
    users, scaling, value = only_users(graph), [], graph.input[0].name
    while (node := users.get(value)) is not None:
        if node.op_type in SCALING and sum(name in constants for name in node.input) == 1:
            scaling.append(node)
        elif node.op_type != "Cast" or scaling:
            return scaling, node
        value = node.output[0]
    return scaling, None


def reshape_to_transpose(
    node: onnx.NodeProto, graph: onnx.GraphProto, constants: dict[str, np.ndarray]
) -> None:
    """Turns a reshape of gray images `[N, H, W, 1]` to `[N, 1, H, W]` into a transposition.

    A reshape to -1 forgets the name of the batch axis. ONNX Runtime then cannot tell that two
    tensors have the same size, and adds residual connections more slowly all the way.
    """
    *_, height, width, channels = (d.dim_value for d in graph.input[0].type.tensor_type.shape.dim)
    sizes = constants.get(node.input[1], np.zeros(0)).tolist()
    if channels == 1 and len(sizes) == 4 and sizes[1:] == [1, height, width]:
        node.op_type = "Transpose"
        del node.input[1:], node.attribute[:]
        node.attribute.append(require("onnx.helper").make_attribute("perm", CHANNELS_FIRST))


def data_of(node: onnx.NodeProto, constants: dict[str, np.ndarray]) -> str:
    """Returns the input of a node that is no constant."""
    return next(value for value in node.input if value not in constants)


def replace_input(node: onnx.NodeProto, old: str, new: str) -> None:
    node.input[:] = [new if value == old else value for value in node.input]
