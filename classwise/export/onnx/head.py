"""Where the backbone of an exported graph begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.export.onnx.tidy_graph import WEIGHTED
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    import onnx

HEAD = ("hidden_layer/", "hash_layer/")


def head_position(graph: onnx.GraphProto) -> int:
    """Returns the position of the head's first product; the backbone's nodes come before it.

    The head is the hash layer, with the hidden layer below it if there is one.

    Raises:
        InputError: the graph has none, because `tidy_graph` had to leave its names alone.
    """
    found = products(graph)
    if found:
        return list(graph.node).index(found[0])
    raise InputError(
        "The graph has no node of the hash layer to tell the backbone by, as with a loop inside; "
        "export it with precision 'fp32'."
    )


def products(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the head's nodes with weights."""
    return [node for node in graph.node if node.op_type in WEIGHTED and node.name.startswith(HEAD)]


def after_backbone(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the head's nodes and all that follow."""
    return list(graph.node)[head_position(graph) :]


def backbone(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the nodes from the first layer with weights on, up to the head.

    What comes before only scales the images.
    """
    nodes = list(graph.node)[: head_position(graph)]
    weighted = [position for position, node in enumerate(nodes) if node.op_type in WEIGHTED]
    return nodes[weighted[0] :] if weighted else []
