import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from classwise import export, zoo
from classwise.export.onnx.tensorflow_to_onnx import check_opset


@pytest.mark.parametrize("opset", [14, 24, 0, -18, 18.0, "18", None, True])
def test_wrong_opset(hasher, tmp_path, opset):
    with pytest.raises(zoo.InputError, match=f"opset is {opset!r}.*15 to 23"):
        export.to_onnx(hasher, tmp_path / "a.onnx", opset=opset)
    assert not list(tmp_path.iterdir())


def test_right_opsets():
    assert [check_opset(opset) for opset in range(15, 24)] == list(range(15, 24))


def test_operator_that_onnx_lacks_is_named_with_its_layer(make_hasher, tmp_path, capfd):
    images = keras.Input((16, 16, 3))
    x = keras.layers.Resizing(4, 4, antialias=True, name="shrink")(images)
    backbone = keras.Model(images, keras.layers.Conv2D(4, 3)(x), name="net")
    with pytest.raises(zoo.InputError, match=r"net/shrink.*ScaleAndTranslate"):
        export.to_onnx(make_hasher(backbone=backbone), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().err == ""


@keras.saving.register_keras_serializable(package="test")
class Branch(keras.layers.Layer):
    """Takes the hyperbolic tangent, after a question that only the images answer."""

    def call(self, inputs):
        bright = tf.reduce_sum(tf.square(inputs)) >= 0
        return tf.cond(bright, lambda: tf.tanh(inputs), lambda: tf.sin(inputs))


def test_a_branch_stays_a_branch(make_hasher, tmp_path):
    images = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 255)(images)
    x = Branch()(keras.layers.Conv2D(4, 3)(x))
    report = export.to_onnx(make_hasher(backbone=keras.Model(images, x)), tmp_path / "a.onnx")
    assert report.parity.passed
    assert "If" in report.operators


def test_a_grouped_convolution_stays_one(make_hasher, tmp_path):
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3)(images)
    backbone = keras.Model(images, keras.layers.Conv2D(8, 3, groups=2, name="grouped")(x))
    report = export.to_onnx(make_hasher(backbone=backbone), tmp_path / "a.onnx")
    assert report.parity.passed
    groups = [
        attribute.i
        for node in onnx.load(report.path).graph.node
        for attribute in node.attribute
        if node.op_type == "Conv" and attribute.name == "group"
    ]
    assert groups == [1, 2]


def centered(images):
    return images - keras.ops.convert_to_tensor(np.array([99.0, 88.0, 77.0], "float32"))


def adapted(images):
    layer = keras.layers.Normalization()
    layer.adapt(np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3)).astype("float32"))
    return layer(images)


# More numbers than TensorFlow copies into a graph by itself.
MEAN_IMAGE = np.random.default_rng(1).uniform(90, 110, (16, 16, 3)).astype("float32")
WITH_TENSORS = {
    "given": keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0]),
    "adapted": adapted,
    "subtracted": centered,
    "mean image": lambda images: images - keras.ops.convert_to_tensor(MEAN_IMAGE),
    "caffe": keras.applications.resnet50.preprocess_input,
    "torch": keras.applications.densenet.preprocess_input,
}


@pytest.mark.parametrize("opset", [15, 23])
@pytest.mark.parametrize("kind", WITH_TENSORS)
def test_captured_tensors_are_constants(make_hasher, kind, opset, images, tmp_path):
    pixels = keras.Input((16, 16, 3))
    net = keras.Model(pixels, keras.layers.Conv2D(4, 3)(WITH_TENSORS[kind](pixels)))
    report = export.to_onnx(make_hasher(backbone=net), tmp_path / "a.onnx", opset=opset)
    assert report.parity.flipped_bits == 0
    model = onnx.load(report.path)
    assert [value.name for value in model.graph.input] == ["images"]
    assert not {"Sqrt", "Max", "Reciprocal"} & report.operators.keys()  # they are folded


@pytest.mark.parametrize("format", ["a.tflite", "a_saved_model"])
def test_captured_tensors_in_other_formats(make_hasher, format, tmp_path):
    pixels = keras.Input((16, 16, 3))
    x = WITH_TENSORS["given"](WITH_TENSORS["mean image"](pixels))
    hasher = make_hasher(backbone=keras.Model(pixels, keras.layers.Conv2D(4, 3)(x)))
    write = export.to_litert if format == "a.tflite" else export.to_saved_model
    assert write(hasher, tmp_path / format).parity.flipped_bits == 0


@pytest.mark.parametrize("opset", [15, 18, 23])
def test_exact_gelu(make_hasher, opset, tmp_path):
    layers = [
        keras.Input((16, 16, 3)),
        keras.layers.Rescaling(1 / 32, offset=-4),
        keras.layers.Conv2D(4, 3, activation="gelu"),
        keras.layers.Conv2D(4, 3, activation="gelu"),
    ]
    hasher = make_hasher(backbone=keras.Sequential(layers))
    report = export.to_onnx(hasher, tmp_path / "a.onnx", opset=opset)
    assert report.parity.max_difference < 1e-5
    assert report.operators["Erf"] == 2
    assert "Erfc" not in report.operators
