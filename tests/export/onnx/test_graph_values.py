import numpy as np
from onnx import helper, numpy_helper

from classwise.export.onnx.graph_values import attributes_of, constants_of, only_users, users_of

NODES = [
    helper.make_node("Add", ["x", "c"], ["a"], name="add"),
    helper.make_node("Mul", ["a", "a"], ["b"], name="square"),
    helper.make_node("Clip", ["b", "", "c"], ["y"], name="clip"),
    helper.make_node("Transpose", ["y"], ["z"], name="turn", perm=[1, 0]),
]
GRAPH = helper.make_graph(
    NODES,
    "g",
    [helper.make_empty_tensor_value_info("x")],
    [helper.make_empty_tensor_value_info(name) for name in ("y", "z")],
    [numpy_helper.from_array(np.float32([1, 2]), "c")],
)


def names(users):
    return {value: [node.name for node in nodes] for value, nodes in users.items() if value}


def test_constants():
    (name,) = constants_of(GRAPH)
    assert name == "c"
    np.testing.assert_array_equal(constants_of(GRAPH)["c"], np.float32([1, 2]))


def test_every_use_counts():
    assert names(users_of(GRAPH)) == {
        "x": ["add"],
        "c": ["add", "clip"],
        "a": ["square", "square"],
        "b": ["clip"],
        "y": ["turn"],
    }


def test_outputs_and_values_used_twice_have_no_only_user():
    users = {value: node.name for value, node in only_users(GRAPH).items() if value}
    assert users == {"x": "add", "b": "clip"}


def test_attributes():
    assert attributes_of(NODES[3]) == {"perm": [1, 0]}
    assert attributes_of(NODES[0]) == {}
