"""Where the backbone of an exported graph begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.export.tidy_graph import WEIGHTED
from classwise.zoo.errors import InputError

if TYPE_CHECKING:
    import onnx

HASH_LAYER = "hash_layer/"


def hash_layer_position(graph: onnx.GraphProto) -> int:
    """Returns the position of the hash layer's product; the backbone's nodes come before it.

    Raises:
        InputError: the graph has none, because `tidy_graph` had to leave its names alone.
    """
    for position, node in enumerate(graph.node):
        if node.op_type in WEIGHTED and node.name.startswith(HASH_LAYER):
            return position
    raise InputError(
        "The graph has no node of the hash layer to tell the backbone by, as with a loop inside; "
        "export it with precision 'fp32'."
    )


def after_backbone(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the hash layer's nodes and all that follow."""
    return list(graph.node)[hash_layer_position(graph) :]


def backbone(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Returns the nodes from the first layer with weights on, up to the hash layer.

    What comes before only scales the images.
    """
    nodes = list(graph.node)[: hash_layer_position(graph)]
    weighted = [position for position, node in enumerate(nodes) if node.op_type in WEIGHTED]
    return nodes[weighted[0] :] if weighted else []
