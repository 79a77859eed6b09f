import math

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from classwise.export.onnx.portable_operators import replace_erfc, replace_reciprocals


def test_reciprocals_become_divisions():
    nodes = [
        helper.make_node("Reciprocal", ["x"], ["a"]),
        helper.make_node("Neg", ["a"], ["b"]),
        helper.make_node("Reciprocal", ["b"], ["y"]),
    ]
    value = [helper.make_tensor_value_info(name, 1, ["n"]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    replace_reciprocals(model.graph)
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Div", "Neg", "Div"]
    x = np.float32([0.25, -4])
    (y,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    np.testing.assert_array_equal(y, -x)


def test_the_complement_of_the_error_function_inside_a_branch_too():
    def value(name, shape=("n",), kind=1):
        return helper.make_tensor_value_info(name, kind, shape)

    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(operator, ["a"], [name])], name, [], [value(name)]
        )
        for name, operator in (("then", "Erfc"), ("else", "Neg"))
    }
    nodes = [
        helper.make_node("Erfc", ["x"], ["a"], "outer"),
        helper.make_node("If", ["choice"], ["y"], **branches),
    ]
    inputs = [value("x"), value("choice", (), onnx.TensorProto.BOOL)]
    graph = helper.make_graph(nodes, "g", inputs, [value("y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    replace_erfc(model.graph)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x = np.linspace(-3, 3, 13, dtype=np.float32)
    once = [math.erfc(number) for number in x]
    for choice, right in ((True, map(math.erfc, once)), (False, (-number for number in once))):
        (y,) = session.run(None, {"x": x, "choice": np.array(choice)})
        np.testing.assert_allclose(y, list(right), atol=1e-6)
