import keras
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
