"""Hashers built under a policy of 16 bits are exported as their float32 twins are."""

import keras
import numpy as np
import pytest

from classwise import export, losses, zoo
from classwise.export.graph.float32 import in_float32

POLICIES = ("mixed_float16", "mixed_bfloat16", "bfloat16")


def build(policy, seed=0):
    """Builds a hasher with constants beside its weights, a nested model and a free operation."""
    keras.config.set_dtype_policy(policy)
    try:
        inner = keras.Sequential(
            [
                keras.layers.Conv2D(8, 3, use_bias=False, name="inner_conv"),
                keras.layers.BatchNormalization(name="inner_norm"),
                keras.layers.Activation("gelu", name="inner_gelu"),
            ],
            name="inner",
        )
        images = keras.Input((10, 8, 3), name="pixels")
        scaled = keras.layers.Normalization(
            mean=[123.7, 116.3, 103.5], variance=[3411.1, 3262.7, 3291.9], name="scaling"
        )(images)
        features = inner(scaled)
        features = features * keras.ops.sigmoid(features)
        hasher = zoo.Hasher(keras.Model(images, features, name="net"), 12, 3, hidden_units=5)
    finally:
        keras.config.set_dtype_policy("float32")
    hasher.compile(loss=losses.DCWHLoss())
    random = np.random.default_rng(seed)
    for weight in hasher.weights:
        value = random.uniform(0.5, 1.5, weight.shape)
        # Sums of a few powers of two, which 16 bits hold too.
        weight.assign(np.round(value * 64) / 64)
    return hasher


@pytest.fixture(scope="module")
def plain():
    return build("float32")


@pytest.mark.parametrize("policy", POLICIES)
def test_the_twin_computes_the_same_bits(policy, plain, images):
    short = build(policy)
    twin = in_float32(short)
    right = np.asarray(plain(images[:20], training=False))
    assert (np.asarray(twin(images[:20], training=False)) == right).all()
    assert (np.asarray(short(images[:20], training=False)) != right).any()
    assert keras.config.dtype_policy().name == "float32"


def test_a_float32_hasher_is_its_own_twin(plain):
    assert in_float32(plain) is plain


@pytest.mark.large
@pytest.mark.parametrize("policy", POLICIES[:2])
@pytest.mark.parametrize("name", ["a.onnx", "a.tflite", "a_saved_model"])
def test_every_format_gives_what_the_float32_model_gives(policy, name, plain, images, tmp_path):
    write = {
        "a.onnx": export.to_onnx,
        "a.tflite": export.to_litert,
        "a_saved_model": export.to_saved_model,
    }[name]
    if name == "a.tflite":
        pytest.importorskip("ai_edge_litert")
    right = write(plain, tmp_path / "right" / name).path
    report = write(build(policy), tmp_path / "short" / name)
    assert report.parity.flipped_bits == 0
    parity = export.verify(right, report.path, images[:20], tolerance=0, margin=0)
    assert parity.max_difference == 0
    if name == "a.onnx":  # the other formats are written in other bytes every time
        assert right.read_bytes() == report.path.read_bytes()


def test_scores_and_lower_precision_too(tmp_path):
    short = build("mixed_float16")
    report = export.to_onnx(short, tmp_path / "a.onnx", precision="fp16", with_centers=True)
    assert report.parity.passed
    assert len(report.companions) == 2


def test_one_short_layer_in_a_float32_model(tmp_path):
    layers = [
        keras.Input((10, 8, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3, dtype="mixed_float16"),
    ]
    hasher = zoo.Hasher(keras.Sequential(layers), 12, 3)
    assert in_float32(hasher) is not hasher
    assert export.to_onnx(hasher, tmp_path / "a.onnx").parity.passed


class Stranger(keras.layers.Layer):
    """A layer that Keras does not know by name."""

    def call(self, inputs):
        return inputs * 2


def test_a_layer_that_cannot_be_built_again(tmp_path):
    layers = [
        keras.Input((10, 8, 3)),
        Stranger(dtype="mixed_float16"),
        keras.layers.Conv2D(4, 3, dtype="mixed_float16"),
    ]
    hasher = zoo.Hasher(keras.Sequential(layers), 12, 3)
    with pytest.raises(zoo.InputError, match="register its layers with"):
        export.to_onnx(hasher, tmp_path / "a.onnx")
    assert keras.config.dtype_policy().name == "float32"
    assert not list(tmp_path.iterdir())
