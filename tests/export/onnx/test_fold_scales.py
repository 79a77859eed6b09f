import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper

from classwise.export.onnx.fold_scales import fold_scales

RANDOM = np.random.default_rng(0)


def constant(name, *shape):
    return numpy_helper.from_array(RANDOM.normal(size=shape).astype("float32"), name)


def model(nodes, constants, outputs=("y",)) -> onnx.ModelProto:
    value = [helper.make_tensor_value_info(n, 1, list("nchw")) for n in outputs]
    images = helper.make_tensor_value_info("x", 1, [2, 4, 5, 5])
    graph = helper.make_graph(nodes, "g", [images], value, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def run(model):
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 5)).astype("float32")
    return session.run(None, {"x": x})


def operators_after_folding(before: onnx.ModelProto) -> list[str]:
    expected = run(before)
    fold_scales(before.graph)
    for result, wanted in zip(run(before), expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-5)
    return [node.op_type for node in before.graph.node]


def conv(*inputs, output="a", **attributes):
    return helper.make_node("Conv", ["x", *inputs], [output], **attributes)


def node(operator, *inputs, output="y"):
    return helper.make_node(operator, list(inputs), [output])


@pytest.mark.parametrize("shape", [(1, 4, 1, 1), (4, 1, 1), (1,), ()])
def test_scale_and_shift_are_folded_into_a_depthwise_convolution(shape):
    nodes = [conv("w", group=4), node("Mul", "a", "s", output="b"), node("Add", "t", "b")]
    constants = [constant("w", 4, 1, 3, 3), constant("s", *shape), constant("t", *shape)]
    assert operators_after_folding(model(nodes, constants)) == ["Conv"]


def test_an_existing_bias_is_scaled_too():
    nodes = [conv("w", "b"), node("Mul", "a", "s")]
    constants = [constant("w", 6, 4, 3, 3), constant("b", 6), constant("s", 1, 6, 1, 1)]
    assert operators_after_folding(model(nodes, constants)) == ["Conv"]


def test_a_shared_kernel_is_scaled_for_one_user_only():
    nodes = [conv("w"), node("Mul", "a", "s"), conv("w", output="z")]
    constants = [constant("w", 3, 4, 3, 3), constant("s", 3, 1, 1)]
    assert operators_after_folding(model(nodes, constants, ("y", "z"))) == ["Conv", "Conv"]


def pool(value, output):
    return helper.make_node("MaxPool", [value], [output], kernel_shape=[2, 2], pads=[0, 0, 1, 1])


def positive(name, *shape):
    return numpy_helper.from_array(RANDOM.uniform(0.1, 2, shape).astype("float32"), name)


def test_scale_and_shift_are_folded_through_a_maximum():
    nodes = [conv("w"), pool("a", "b"), node("Mul", "b", "s", output="c"), node("Add", "t", "c")]
    constants = [constant("w", 3, 4, 3, 3), positive("s", 3, 1, 1), constant("t", 3, 1, 1)]
    assert operators_after_folding(model(nodes, constants)) == ["Conv", "MaxPool"]


def test_a_negative_scale_is_not_folded_through_a_maximum():
    nodes = [conv("w"), pool("a", "b"), node("Add", "b", "t", output="c"), node("Mul", "c", "s")]
    scale = numpy_helper.from_array(np.float32([[[1]], [[-0.5]], [[2]]]), "s")
    constants = [constant("w", 3, 4, 3, 3), constant("t", 3, 1, 1), scale]
    assert operators_after_folding(model(nodes, constants)) == ["Conv", "MaxPool", "Mul"]


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [
        ([node("Mul", "a", "columns")], ["y"]),  # scales columns, not channels
        ([node("Mul", "a", "a")], ["y"]),  # a square
        ([node("Mul", "a", "s")], ["y", "a"]),  # the bare convolution is an output
        ([node("Mul", "a", "s"), node("Relu", "a", output="r")], ["y", "r"]),
        ([node("Sub", "a", "s")], ["y"]),
    ],
    ids=["columns", "square", "output", "two users", "other operator"],
)
def test_what_cannot_be_folded_stays(nodes, outputs):
    constants = [constant("w", 3, 4, 3, 3), constant("columns", 3), constant("s", 3, 1, 1)]
    before = ["Conv", *(n.op_type for n in nodes)]
    assert operators_after_folding(model([conv("w"), *nodes], constants, outputs)) == before
