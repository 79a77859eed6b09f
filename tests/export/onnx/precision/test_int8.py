import numpy as np
import onnx
import pytest

from classwise import export, zoo
from classwise.export.onnx.head import after_backbone, backbone, head_position
from classwise.export.onnx.precision.float16 import to_float16
from classwise.export.onnx.precision.int8 import cuts_zero, to_int8


@pytest.fixture(scope="module")
def model(onnx_report) -> onnx.ModelProto:
    return onnx.load(onnx_report.path)


def integer_products(model) -> set[str]:
    """Returns the convolutions and products whose weights pass through DequantizeLinear."""
    made_by = {value: node.op_type for node in model.graph.node for value in node.output}
    return {
        node.name
        for node in model.graph.node
        if node.op_type in ("Conv", "MatMul", "Gemm")
        and made_by.get(node.input[1]) == "DequantizeLinear"
    }


@pytest.mark.parametrize("kept", [(), ("first",), ("hash",), ("first", "hash")])
def test_layers_kept_in_float(model, images, kept):
    found = integer_products(to_int8(model, images[:40], kept))
    assert ("resnet8/stem_conv/Conv" in found) == ("first" not in kept)
    assert ("hash_layer/MatMul" in found) == ("hash" not in kept)
    assert "resnet8/stage1_block1_1_conv/Conv" in found
    assert "MatMul" not in found  # it packs the bits


@pytest.mark.parametrize("kept", [(), ("hash",)])
def test_a_hidden_layer_goes_with_the_hash_layer(make_hasher, images, tmp_path, kept):
    export.to_onnx(make_hasher(hidden_units=6), tmp_path / "a.onnx")
    model = onnx.load(tmp_path / "a.onnx")
    assert after_backbone(model.graph)[0].name == "hidden_layer/MatMul"
    found = integer_products(to_int8(model, images[:40], kept))
    head = {"hidden_layer/MatMul", "hash_layer/MatMul"}
    assert found & head == (set() if kept else head)
    types = {c.name: c.data_type for c in to_float16(model).graph.initializer}
    assert types["hidden_layer/MatMul/B"] == onnx.TensorProto.FLOAT


def test_weights_have_one_scale_a_channel_and_seven_bits(model, images):
    constants = {
        c.name: onnx.numpy_helper.to_array(c) for c in to_int8(model, images[:40]).graph.initializer
    }
    weights = [array for array in constants.values() if array.dtype == np.int8 and array.ndim == 4]
    assert len(weights) == 8  # nine convolutions, the first in float
    assert max(np.abs(array.astype(int)).max() for array in weights) <= 64
    scales = [a for name, a in constants.items() if name.endswith("W_scale")]
    assert {a.shape for a in scales} <= {(4,), (8,), (16,)}


def test_activations_spend_no_range_on_what_they_cut(model, images):
    graph = to_int8(model, images[:40]).graph
    made_by = {value: node.op_type for node in graph.node for value in node.output}
    assert "Relu" in {node.op_type for node in model.graph.node}
    cut = [node for node in graph.node if node.op_type in ("Relu", "Clip")]
    assert all(made_by[node.input[0]] != "DequantizeLinear" for node in cut)
    zero_points = {c.name: onnx.numpy_helper.to_array(c) for c in graph.initializer}
    after = [node for node in graph.node if "relu" in node.input[0] and "Quantize" in node.op_type]
    assert after
    assert all(zero_points[node.input[2]] == 0 for node in after)


@pytest.mark.parametrize(
    ("low", "high", "kept"),
    [(0, 6, False), (-1, 1, False), (None, 1, False), (1, 6, True), (-3, -1, True)],
)
def test_a_clip_that_excludes_zero_is_kept(low, high, kept):
    """Quantized ranges reach to 0, so that they cannot cut for it."""
    bounds = {"low": low, "high": high}
    node = onnx.helper.make_node(
        "Clip", ["x", *("" if value is None else name for name, value in bounds.items())], ["y"]
    )
    constants = [
        onnx.numpy_helper.from_array(np.float32(value), name)
        for name, value in bounds.items()
        if value is not None
    ]
    assert cuts_zero(node, onnx.helper.make_graph([], "g", [], [], constants)) == kept
    assert cuts_zero(node, onnx.GraphProto())  # bounds that are computed


def test_the_model_itself_stays_as_it_is(model, images):
    before = model.SerializeToString()
    to_int8(model, images[:8])
    to_float16(model)
    assert model.SerializeToString() == before


def test_an_unknown_layer(model, images):
    with pytest.raises(zoo.InputError, match="did you mean 'hash'"):
        to_int8(model, images, ("has",))


def test_float16_halves_the_backbone_and_leaves_the_hash_layer(model):
    types = {c.name: c.data_type for c in to_float16(model).graph.initializer}
    assert types["resnet8/stem_conv/Conv/W"] == onnx.TensorProto.FLOAT16
    assert types["hash_layer/MatMul/B"] == onnx.TensorProto.FLOAT


def test_where_the_backbone_is(model):
    inside, after = backbone(model.graph), after_backbone(model.graph)
    assert inside[0].name == "resnet8/stem_conv/Conv"
    assert [node.name for node in after[:2]] == ["hash_layer/MatMul", "hash_layer/Add"]
    assert head_position(model.graph) == len(model.graph.node) - len(after)


def test_a_graph_without_names(model):
    graph = onnx.GraphProto()
    graph.CopyFrom(model.graph)
    for node in graph.node:
        node.name = ""
    with pytest.raises(zoo.InputError, match="no node of the hash layer"):
        head_position(graph)
