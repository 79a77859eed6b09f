import numpy as np
import onnx
import onnxruntime
from onnx import helper

from classwise.export.onnx.portable_operators import replace_reciprocals


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
