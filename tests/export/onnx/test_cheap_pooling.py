import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from classwise import export, zoo
from classwise.export.onnx.cheap_pooling import make_pooling_cheap

CHANNELS = 3


def model(*steps, size=(7, 9), constants=(), outputs=("y",), opset=18) -> onnx.ModelProto:
    """A graph of `x`, float32 `[2, 3, *size]`; steps are operator, inputs, outputs, attributes."""
    nodes = [helper.make_node(op, inputs, out.split(), **more) for op, inputs, out, more in steps]
    x = helper.make_tensor_value_info("x", 1, [2, CHANNELS, *size])
    values = [helper.make_empty_tensor_value_info(name) for name in outputs]
    kernel = np.random.default_rng(0).normal(size=(4, CHANNELS, 3, 3)).astype("float32")
    weights = [numpy_helper.from_array(np.asarray(v), n) for n, v in dict(constants).items()]
    weights.append(numpy_helper.from_array(kernel, "w"))
    graph = helper.make_graph(nodes, "g", [x], values, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def conv(output="a", pads=(1, 1, 1, 1), **attributes):
    return ("Conv", ["x", "w"], output, {"pads": pads, **attributes})


def pool(value="a", output="b", operator="MaxPool", size=2, **attributes):
    return (operator, [value], output, {"kernel_shape": [size] * 2, "strides": [2, 2]} | attributes)


DILATED = pool(strides=[1, 1], dilations=[2, 2], pads=[1, 1, 1, 1])


def after(before: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrites a model in place and returns it, once it computes the same as before."""

    def results():
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(before.SerializeToString(), options)
        shape = [a.dim_value or 7 for a in before.graph.input[0].type.tensor_type.shape.dim]
        x = np.random.default_rng(1).normal(size=shape).astype("float32")
        return session.run(None, {"x": x})

    expected = results()
    make_pooling_cheap(before)
    assert not before.graph.value_info
    for found, wanted in zip(results(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    return before


def operators(model) -> list[str]:
    return [node.op_type for node in model.graph.node]


def pads(model) -> list[int]:
    """Returns the padding of the convolution."""
    (node,) = (node for node in model.graph.node if node.op_type == "Conv")
    return next((list(a.ints) for a in node.attribute if a.name == "pads"), [])


@pytest.mark.parametrize("activation", ["Relu", "Clip"])
def test_an_activation_joins_the_convolution(activation):
    bounds = ["", "high"] if activation == "Clip" else []
    steps = [conv(), pool(), (activation, ["b", *bounds], "y", {})]
    found = after(model(*steps, constants={"high": np.float32(0.5)}))
    assert operators(found) == ["Conv", activation, "MaxPool"]


@pytest.mark.parametrize(
    ("steps", "outputs"),
    [
        ([conv(), pool(), ("Neg", ["b"], "y", {})], ["y"]),  # it falls
        ([conv(), pool(), ("Relu", ["b"], "y", {}), ("Neg", ["b"], "z", {})], ["y", "z"]),
        ([conv(), pool(), ("Relu", ["b"], "y", {})], ["y", "b"]),
        ([conv(), pool(), ("Relu", ["b"], "y", {}), ("Neg", ["a"], "z", {})], ["y", "z"]),
        ([conv(), pool(operator="AveragePool"), ("Relu", ["b"], "y", {})], ["y"]),
        ([pool("x"), ("Relu", ["b"], "y", {})], ["y"]),  # nothing to join
        ([conv(), pool(output="b i"), ("Relu", ["b"], "y", {})], ["y", "i"]),
        # The only window has no row or column in common with the one pixel.
        ([conv("a", pads=(0,) * 4), DILATED, ("Relu", ["b"], "y", {})], ["y"]),
    ],
)
def test_other_orders_stay(steps, outputs):
    found = after(model(*steps, outputs=outputs, size=(3, 3) if DILATED in steps else (7, 9)))
    assert operators(found) == [step[0] for step in steps]


@pytest.mark.parametrize("axes", [[1, 2], [2, 1], [-3, -2]])
def test_a_maximum_over_transposed_images_is_a_global_pooling(axes):
    steps = [
        ("Transpose", ["x"], "a", {"perm": [0, 2, 3, 1]}),
        ("ReduceMax", ["a", "axes"], "y", {"keepdims": 0}),
    ]
    found = after(model(*steps, constants={"axes": np.int64(axes)}))
    assert operators(found) == ["GlobalMaxPool", "Flatten"]


@pytest.mark.parametrize(
    ("operator", "perm", "axes", "more"),
    [
        ("ReduceMax", [0, 2, 3, 1], [1, 2], {"keepdims": 1}),
        ("ReduceMax", [0, 2, 3, 1], [1, 2], {}),
        ("ReduceMax", [0, 2, 3, 1], [1, 3], {"keepdims": 0}),
        ("ReduceMax", [0, 3, 2, 1], [1, 2], {"keepdims": 0}),
        ("ReduceMean", [0, 2, 3, 1], [1, 2], {"keepdims": 0}),
    ],
)
def test_other_reductions_stay(operator, perm, axes, more):
    steps = [("Transpose", ["x"], "a", {"perm": perm}), (operator, ["a", "axes"], "y", more)]
    found = after(model(*steps, constants={"axes": np.int64(axes)}))
    assert operators(found) == ["Transpose", operator]


@pytest.mark.parametrize("kind", [onnx.TensorProto.INT32, onnx.TensorProto.DOUBLE])
def test_other_types_have_no_global_pooling(kind):
    steps = [
        ("Cast", ["x"], "c", {"to": kind}),
        ("Transpose", ["c"], "a", {"perm": [0, 2, 3, 1]}),
        ("ReduceMax", ["a", "axes"], "y", {"keepdims": 0}),
    ]
    found = after(model(*steps, constants={"axes": np.int64([1, 2])}))
    assert operators(found) == ["Cast", "Transpose", "ReduceMax"]


def test_axes_that_are_an_attribute_or_missing():
    transpose = ("Transpose", ["x"], "a", {"perm": [0, 2, 3, 1]})
    for more in ({"axes": [1, 2], "keepdims": 0}, {}):
        found = after(model(transpose, ("ReduceMax", ["a"], "y", more), opset=17))
        assert operators(found) == ["Transpose", "ReduceMax"]


def test_padding_that_no_pooling_reads_is_left_out():
    # 7 rows and 9 columns: the last of each.
    assert pads(after(model(conv(), pool(output="y")))) == [1, 1, 0, 0]
    assert pads(after(model(conv(), pool(), ("Relu", ["b"], "y", {})))) == [1, 1, 0, 0]
    assert pads(after(model(conv(), ("Relu", ["a"], "b", {}), pool("b", "y")))) == [1, 1, 0, 0]
    # Columns only.
    assert pads(after(model(conv(), pool(output="y"), size=(8, 9)))) == [1, 1, 1, 0]
    # None is left to take.
    assert pads(after(model(conv(pads=(1, 1, 0, 0)), pool(output="y"), size=(8, 8)))) == [
        1,
        1,
        0,
        0,
    ]


def test_sizes_of_before_are_forgotten():
    before = model(conv(), pool(), ("Relu", ["b"], "y", {}))
    shaped = onnx.shape_inference.infer_shapes(before)
    assert shaped.graph.value_info
    assert pads(after(shaped)) == [1, 1, 0, 0]


MOSTLY_NONE = st.sampled_from([0, 0, 0, 0, 1])


@given(
    size=st.tuples(st.integers(5, 12), st.integers(5, 12)),
    before=st.tuples(*[st.integers(0, 3)] * 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    operator=st.sampled_from(["MaxPool", "AveragePool"]),
    pooled=st.integers(1, 3),
    steps=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    pool_pads=st.tuples(st.integers(0, 1), st.integers(0, 1), MOSTLY_NONE, MOSTLY_NONE),
    ceil_mode=MOSTLY_NONE,
)
def test_every_geometry_computes_the_same(
    size, before, stride, dilation, operator, pooled, steps, pool_pads, ceil_mode
):
    sides = [s + before[i] + before[i + 2] - 2 * dilation - 1 for i, s in enumerate(size)]
    assume(min(sides) >= 0 and all(side // stride + 1 >= pooled for side in sides))
    assume(max(pool_pads) < pooled)
    convolution = conv(pads=before, strides=[stride] * 2, dilations=[dilation] * 2)
    more = {"size": pooled, "strides": steps, "pads": pool_pads, "ceil_mode": ceil_mode}
    found = pads(after(model(convolution, pool("a", "y", operator, **more), size=size)))
    assert found[:2] == list(before[:2])
    for axis, left in enumerate(found[2:]):
        computed = sides[axis] // stride + 1
        inside = range(-pool_pads[axis], computed + pool_pads[axis + 2])
        windows = [inside[i : i + pooled] for i in range(0, len(inside), steps[axis])]
        unread = computed - 1 - max(window[-1] for window in windows if len(window) == pooled)
        if ceil_mode or any(pool_pads[2:]):
            unread = 0
        assert left == max(0, before[axis + 2] - unread * stride)
        event("less padding" if left < before[axis + 2] else "the same padding")


@pytest.mark.parametrize(
    "steps",
    [
        [conv(), pool(output="y", pads=[0, 0, 1, 1])],  # read together with padding
        [conv(), pool(output="y", ceil_mode=1)],
        [conv(), pool(output="y", auto_pad="SAME_UPPER")],
        [conv(), pool(output="y", auto_pad="SAME_LOWER")],
        [conv(), pool(output="y", dilations=[3, 3])],
        [conv(), ("Neg", ["a"], "b", {}), pool("b", "y")],
        [conv(), ("MaxPool", ["a"], "y", {"kernel_shape": [2, 2]})],  # step by step
    ],
    ids=["padding", "ceiling", "same", "same, lower", "dilation", "between", "no strides"],
)
def test_padding_that_may_be_read_stays(steps):
    assert pads(after(model(*steps))) == [1, 1, 1, 1]


def test_images_of_any_size_keep_their_padding():
    for size in (1, 2):
        before = model(conv(), pool(output="y", size=size), size=("h", "w"))
        assert pads(after(before)) == [1, 1, 1, 1]


@pytest.mark.parametrize("more", [{}, {"auto_pad": "SAME_UPPER"}], ids=["none", "same"])
def test_a_convolution_without_explicit_padding(more):
    assert pads(after(model(("Conv", ["x", "w"], "a", more), pool(output="y")))) == []


def test_positions_and_what_others_read_keep_their_padding():
    for steps in (
        [conv(), pool(output="y z")],
        [conv(), pool(output="y"), ("Neg", ["a"], "z", {})],
    ):
        assert pads(after(model(*steps, outputs=["y", "z"]))) == [1, 1, 1, 1]


def test_the_exported_graph_is_rewritten(make_hasher, tmp_path):
    hasher = make_hasher(backbone=zoo.resnet9((28, 28, 1), width=1))
    report = export.to_onnx(hasher, tmp_path / "a.onnx")
    assert report.parity.flips_beyond_margin == 0
    graph = onnx.load(tmp_path / "a.onnx").graph
    following = [
        (first.op_type, second.op_type)
        for first in graph.node
        for second in graph.node
        if first.output[0] in second.input
    ]
    assert ("Conv", "MaxPool") not in following
    assert ("Relu", "MaxPool") in following
    names = [node.name for node in graph.node]
    assert {"resnet9/pool/GlobalMaxPool", "resnet9/stage1_relu/Relu"} <= set(names)
    # 28 x 28 pixels are 7 x 7 before the last local pooling, which reads 6 x 6 of them.
    convolution = graph.node[names.index("resnet9/stage3_conv/Conv")]
    assert [a.ints for a in convolution.attribute if a.name == "pads"] == [[1, 1, 0, 0]]
