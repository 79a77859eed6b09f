import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from classwise.export.onnx.fast_scaling import speed_up_scaling
from classwise.export.onnx.tidy_graph import nodes_in_order, replace


def model(*steps, shape=(2, 3, 5, 4), constants=None, outputs=("y",)) -> onnx.ModelProto:
    """A graph that starts with a cast of `images`; steps are (operator, inputs, output)."""
    nodes = [helper.make_node("Cast", ["images"], ["numbers"], to=TensorProto.FLOAT)]
    for operator, inputs, output in steps:
        more = {"perm": [0, 3, 1, 2]} if operator == "Transpose" else {}
        nodes.append(helper.make_node(operator, inputs, [output], **more))
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, list("nabc")) for n in outputs]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, shape)
    weights = [numpy_helper.from_array(np.float32(v), n) for n, v in (constants or {}).items()]
    graph = helper.make_graph(nodes, "g", [images], values, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(model) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"images": images})


def operators_after(before: onnx.ModelProto) -> list[str]:
    """Speeds a model up and returns its operators in order, once it computes the same."""
    expected = run(before)
    speed_up_scaling(before.graph)
    replace(before.graph.node, nodes_in_order(before.graph))
    for found, wanted in zip(run(before), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    return [node.op_type for node in before.graph.node]


SCALE_AND_SHIFT = (
    ("Mul", ["numbers", "s"], "a"),
    ("Add", ["t", "a"], "b"),
    ("Transpose", ["b"], "y"),
)


@pytest.mark.parametrize("dimensions", [(4,), (1, 4), (1, 1, 1, 4), (1,), (5, 1)])
def test_scaling_moves_behind_the_transposition(dimensions):
    values = np.random.default_rng(1).normal(size=(2, *dimensions))
    before = model(*SCALE_AND_SHIFT, constants={"s": values[0], "t": values[1]})
    assert operators_after(before) == ["Cast", "Transpose", "Mul", "Add"]


def test_a_single_number_becomes_a_scalar():
    before = model(("Mul", ["numbers", "s"], "y"), constants={"s": [[0.5]]})
    assert operators_after(before) == ["Cast", "Mul"]
    used = before.graph.node[1].input[1]
    assert [c.dims for c in before.graph.initializer if c.name == used] == [[]]


@pytest.mark.parametrize(
    ("shape", "sizes", "expected"),
    [
        ((2, 3, 5, 1), [-1, 1, 3, 5], ["Cast", "Transpose", "Mul"]),
        ((2, 3, 5, 1), [2, 1, 3, 5], ["Cast", "Transpose", "Mul"]),
        ((2, 3, 5, 1), [-1, 3, 1, 5], ["Cast", "Mul", "Reshape"]),
        ((2, 3, 5, 4), [-1, 4, 3, 5], ["Cast", "Mul", "Reshape"]),  # no transposition at all
    ],
)
def test_a_reshape_of_gray_images_is_a_transposition(shape, sizes, expected):
    steps = (("Mul", ["numbers", "s"], "a"), ("Reshape", ["a", "sizes"], "y"))
    before = model(*steps, shape=shape, constants={"s": [0.5]})
    before.graph.initializer.append(numpy_helper.from_array(np.int64(sizes), "sizes"))
    assert operators_after(before) == expected


def test_a_shared_constant_changes_for_the_scaling_only():
    steps = (
        ("Mul", ["numbers", "s"], "a"),
        ("Transpose", ["a"], "b"),
        ("Add", ["b", "s"], "y"),
    )
    before = model(*steps, shape=(2, 3, 4, 4), constants={"s": [1.0, 2.0, 3.0, 4.0]})
    assert operators_after(before) == ["Cast", "Transpose", "Mul", "Add"]


@pytest.mark.parametrize(
    ("steps", "outputs"),
    [
        ((("Mul", ["numbers", "numbers"], "a"), ("Transpose", ["a"], "y")), ("y",)),
        ((("Transpose", ["numbers"], "y"),), ("y",)),
        ((("Mul", ["numbers", "s"], "a"), ("Transpose", ["a"], "y")), ("y", "a")),
        ((("Relu", ["numbers"], "y"),), ("y",)),
    ],
    ids=["square", "no scaling", "scaled images are an output", "no transposition"],
)
def test_other_graphs_stay_in_order(steps, outputs):
    before = model(*steps, constants={"s": [1.0, 2.0, 3.0, 4.0]}, outputs=outputs)
    expected = ["Cast", *(operator for operator, *_ in steps)]
    assert operators_after(before) == expected
