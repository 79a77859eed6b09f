from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from classwise.export.onnx.layer_paths import layer_names
from classwise.export.onnx.tidy_graph import nodes_in_order, tidy_graph, unique

LAYERS = {"net", "conv", "conv_1", "bn"}


def tangled_graph(numbers=(1, 2, 3)) -> onnx.GraphProto:
    """A graph as tf2onnx leaves it: numbered, unsorted, with a node that nothing needs."""
    a, b, c = (f"classwise_1/h_1/net_1/conv_1/add__{n}" for n in numbers)
    nodes = [
        helper.make_node("Relu", [f"{a}:0"], ["embedding"], name="classwise_1/h_1/net_1/bn_1/Relu"),
        helper.make_node("Neg", ["images"], ["unused"], name=c),
        helper.make_node("Add", [f"{b}:0", "k:0"], [f"{a}:0"], name=a),
        helper.make_node("Add", ["images", "w:0"], [f"{b}:0"], name=b),
    ]
    weights = [
        numpy_helper.from_array(np.float32([n]), f"{name}:0") for n, name in enumerate("kwz")
    ]
    value = [helper.make_tensor_value_info(n, 1, [1]) for n in ("images", "embedding")]
    return helper.make_graph(nodes, "g", value[:1], value[1:], weights)


def test_nodes_are_sorted_named_and_pruned():
    graph = tangled_graph()
    tidy_graph(graph, LAYERS, 18)
    assert [(n.name, list(n.input), list(n.output)) for n in graph.node] == [
        ("net/conv/Add", ["images", "net/conv/Add/B"], ["net/conv/Add"]),
        ("net/conv/Add_2", ["net/conv/Add", "net/conv/Add_2/B"], ["net/conv/Add_2"]),
        ("net/bn/Relu", ["net/conv/Add_2"], ["embedding"]),
    ]
    weights = {w.name: numpy_helper.to_array(w).item() for w in graph.initializer}
    assert weights == {"net/conv/Add/B": 1.0, "net/conv/Add_2/B": 0.0}
    onnx.checker.check_graph(graph)


def test_numbers_and_order_of_the_converter_leave_no_trace():
    first, second = tangled_graph(), tangled_graph((7, 12, 40))
    moved = second.node.pop(0)
    second.node.append(moved)
    tidy_graph(first, LAYERS, 18)
    tidy_graph(second, LAYERS, 18)
    assert first.SerializeToString() == second.SerializeToString()


def test_a_deep_graph_does_not_exhaust_the_stack():
    nodes = [helper.make_node("Neg", [f"v{k}"], [f"v{k + 1}"]) for k in range(5000)]
    value = [helper.make_tensor_value_info(n, 1, [1]) for n in ("v0", "v5000")]
    graph = helper.make_graph(nodes[::-1], "g", value[:1], value[1:])
    assert [n.input[0] for n in nodes_in_order(graph)] == [f"v{k}" for k in range(5000)]


def test_names_stay_unique_whatever_they_are():
    used = Counter()
    names = [unique(name, used) for name in ("a", "a_2", "a", "a", "a_2", "a_2_2")]
    assert len(set(names)) == 6


@pytest.mark.parametrize("name", ["resnet8", "stem_conv", "stage3_block1_add", "hash_layer"])
def test_layer_names_reach_every_depth(hasher, name):
    assert name in layer_names(hasher)
