import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise import export, zoo
from classwise.export.formats.litert_format import refusal

Interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter


def test_codes_equal_numpy_packbits_of_keras(hasher, litert_report, images):
    run = Interpreter(str(litert_report.path)).get_signature_runner("serving_default")
    expected = keras.ops.convert_to_numpy(hasher(images, training=False))
    for batch in (1, 7, 256):
        result = run(images=images[:batch])
        np.testing.assert_allclose(result["embedding"], expected[:batch], atol=2e-5)
        np.testing.assert_array_equal(result["code"], np.packbits(expected[:batch] > 0, axis=1))


def test_report(litert_report):
    assert litert_report.format == "litert"
    assert litert_report.parity.passed
    assert litert_report.bytes == litert_report.path.stat().st_size


def test_a_name_that_does_not_end_in_tflite(hasher, tmp_path):
    with pytest.raises(zoo.InputError, match=r"ends in \.tflite"):
        export.to_litert(hasher, tmp_path / "a.lite")


def test_without_the_extra(hasher, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(zoo.InputError, match="pip install 'ai-edge-litert"):
        export.to_litert(hasher, tmp_path / "a.tflite")
    assert not list(tmp_path.iterdir())


def test_a_file_that_fails_verification_never_appears(
    make_hasher, litert_report, tmp_path, monkeypatch
):
    def write_another(graph, path):
        path.write_bytes(litert_report.path.read_bytes())

    monkeypatch.setattr("classwise.export.formats.litert_format.write", write_another)
    with pytest.raises(export.ParityError, match="bits differ"):
        export.to_litert(make_hasher(seed=5), tmp_path / "a.tflite")
    assert not list(tmp_path.iterdir())


@keras.saving.register_keras_serializable(package="test")
class InverseErrorFunction(keras.layers.Layer):
    def call(self, inputs):
        return keras.ops.erfinv(inputs / 300)


@keras.saving.register_keras_serializable(package="test")
class Noise(keras.layers.Layer):
    """What LiteRT can only do with the help of TensorFlow."""

    def call(self, inputs):
        return inputs + tf.random.stateless_uniform(tf.shape(inputs), seed=[1, 2])


@pytest.mark.parametrize(
    ("layer", "operator"),
    [(InverseErrorFunction, "Erfinv"), (Noise, "StatelessRandomGetKeyCounter")],
)
def test_an_operator_that_litert_lacks_is_named_with_its_layer(
    make_hasher, tmp_path, capfd, layer, operator
):
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3)(layer(name="strange")(images))
    hasher = make_hasher(backbone=keras.Model(images, x, name="net"))
    with pytest.raises(zoo.InputError, match=rf"net/strange .* {operator}, which LiteRT lacks"):
        export.to_litert(hasher, tmp_path / "a.tflite")
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().err == ""


def test_a_refusal_without_a_place_is_quoted():
    said = refusal("error: 'tf.Foo' op is neither a custom op nor a flex op\nmore", {"net"})
    assert said == (
        "This model cannot be converted to LiteRT (error: 'tf.Foo' op is neither a custom op nor a "
        "flex op)"
    )
