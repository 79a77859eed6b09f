import keras
import numpy as np
import onnx
import pytest

from classwise import export
from classwise.export.formats.open_model import open_model
from classwise.export.onnx.precision.float16 import first_layers, to_float16


@pytest.fixture(scope="module")
def full(make_hasher, tmp_path_factory):
    """A graph with 8, 288 and 83,040 weights in the convolutions of its backbone."""
    inputs = keras.Input((10, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1, name="scaling")(inputs)
    x = keras.layers.Conv2D(2, 1, activation="relu", name="first")(x)
    x = keras.layers.Conv2D(96, 1, activation="relu", name="second")(x)
    x = keras.layers.Conv2D(96, 3, activation="relu", name="third")(x)
    features = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    backbone = keras.Model(inputs, features, name="made")
    path = tmp_path_factory.mktemp("float16") / "full.onnx"
    export.to_onnx(make_hasher(backbone=backbone), path, verify=False)
    return onnx.load(path)


def test_layers_with_the_first_thousandth_of_the_weights_and_the_head_stay_float32(full):
    lowered = to_float16(full)
    onnx.checker.check_model(lowered, full_check=True)
    constants = {constant.name: constant.data_type for constant in lowered.graph.initializer}
    for name in ("made/first/Conv/W", "hash_layer/MatMul/B"):
        assert constants[name] == onnx.TensorProto.FLOAT
    for name in ("made/second/Conv/W", "made/third/Conv/W"):
        assert constants[name] == onnx.TensorProto.FLOAT16


def test_first_layers_of_a_graph_begin_with_the_scaling_of_images(full):
    names = [node.name for node in first_layers(full.graph)]
    assert [name for name in names if "scaling" in name]
    assert names[-1].startswith("made/first/")
    assert not [name for name in names if "second" in name]


def test_casts_stand_where_float16_begins_and_ends_and_nowhere_else(full):
    lowered = to_float16(full)
    before, after = ([node.name for node in m.graph.node] for m in (full, lowered))
    begin = after.pop(before.index("made/first/Relu") + 1)
    end = after.pop(before.index("made/pool/ReduceMean") + 1)
    assert after == before
    outputs = {node.name: list(node.output) for node in full.graph.node}
    assert all(list(n.output) == outputs.get(n.name, list(n.output)) for n in lowered.graph.node)
    kinds = {n.name: n.attribute[0].i for n in lowered.graph.node if n.op_type == "Cast"}
    assert (kinds[begin], kinds[end]) == (onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT)
    assert [value.name for value in lowered.graph.output] == ["embedding", "code"]


def test_constants_of_float32_and_float16_nodes_are_not_shared(full):
    """A constant that both need keeps its value for the layers that stay float32."""
    shared = onnx.ModelProto()
    shared.CopyFrom(full)
    scale = next(node for node in shared.graph.node if node.name == "made/scaling/Mul").input[1]
    later = next(node for node in shared.graph.node if node.name == "made/third/Relu")
    later.op_type, later.input[:] = "Mul", [later.input[0], scale]
    constants = {c.name: c for c in to_float16(shared).graph.initializer}
    assert constants[scale].data_type == onnx.TensorProto.FLOAT16
    assert constants[scale + "_float32"].data_type == onnx.TensorProto.FLOAT
    value = onnx.numpy_helper.to_array(constants[scale + "_float32"])
    assert value == np.float32(1 / 127.5)


def test_a_backbone_without_weights_computes_in_float16(make_hasher, tmp_path):
    inputs = keras.Input((10, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, name="scaling")(inputs)
    backbone = keras.Model(inputs, keras.layers.AveragePooling2D(2)(x), name="made")
    export.to_onnx(make_hasher(backbone=backbone), tmp_path / "full.onnx", verify=False)
    full = onnx.load(tmp_path / "full.onnx")
    assert first_layers(full.graph) == []
    lowered = to_float16(full)
    onnx.checker.check_model(lowered, full_check=True)
    assert onnx.TensorProto.FLOAT16 in {c.data_type for c in lowered.graph.initializer}


def test_embeddings_stay_close(full, images, tmp_path):
    found = []
    for name, model in (("full", full), ("lowered", to_float16(full))):
        onnx.save(model, tmp_path / f"{name}.onnx")
        (signature,) = open_model(tmp_path / f"{name}.onnx").signatures
        found.append(signature.run(images)["embedding"])
    assert found[1].dtype == np.float32
    assert 0 < np.abs(found[0] - found[1]).max() < 0.01 * np.abs(found[0]).max()
