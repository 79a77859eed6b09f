import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from classwise import export
from classwise.export.onnx.precision import weight_rounding
from classwise.export.onnx.precision.calibration import Calibration
from classwise.export.onnx.precision.int8 import to_int8
from classwise.export.onnx.precision.weight_rounding import (
    patches,
    round_convolutions,
    round_filters,
)


@pytest.fixture(scope="module")
def model(onnx_report):
    return onnx.load(onnx_report.path)


def correlated_inputs(random, count, size):
    return random.normal(size=(count, size)) @ random.normal(size=(size, size)) ** 3


def output_error(inputs, weights, scales, whole):
    return np.sum((inputs @ (weights - scales[:, None] * whole).T) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_outputs_are_nearer_than_by_rounding_to_the_nearest(seed):
    random = np.random.default_rng(seed)
    inputs, weights = correlated_inputs(random, 400, 24), random.normal(size=(16, 24))
    scales = np.abs(weights).max(axis=1) / 64
    rounded = round_filters(weights, scales, inputs.T @ inputs)
    nearest = np.round(weights / scales[:, None])
    assert np.array_equal(rounded, np.round(rounded))
    assert np.abs(rounded).max() <= 64
    error = output_error(inputs, weights, scales, rounded)
    assert error < 0.5 * output_error(inputs, weights, scales, nearest)


def test_the_rest_takes_over_as_least_squares_say():
    """Each weight's error is spread over the later ones by a least-squares fit of its own."""
    random = np.random.default_rng(1)
    inputs, weights = correlated_inputs(random, 60, 5), random.normal(size=(3, 5))
    scales = np.abs(weights).max(axis=1) / 7
    gram = inputs.T @ inputs
    damped = gram + weight_rounding.DAMPING * np.mean(np.diag(gram)) * np.eye(5)
    order = np.argsort(-np.diag(gram))
    expected = np.zeros((3, 5))
    for filter_, scale, found in zip(weights, scales, expected, strict=True):
        rest = filter_.copy()
        for position, k in enumerate(order):
            found[k] = np.clip(np.round(rest[k] / scale), -64, 64)
            later = order[position + 1 :]
            error = rest[k] - scale * found[k]
            # argmin over d of |error x_k - X d|^2, by the normal equations.
            rest[later] += np.linalg.solve(damped[np.ix_(later, later)], damped[later, k]) * error
    np.testing.assert_array_equal(round_filters(weights, scales, gram), expected)


@pytest.mark.parametrize("gram", [np.eye(6), np.zeros((6, 6))])
def test_inputs_that_have_nothing_in_common(gram):
    weights = np.random.default_rng(0).normal(size=(4, 6))
    scales = np.abs(weights).max(axis=1) / 64
    expected = np.round(weights / scales[:, None])
    np.testing.assert_array_equal(round_filters(weights, scales, gram), expected)


@pytest.mark.parametrize(
    ("kernel", "settings"),
    [
        ((4, 3, 1, 1), {}),
        ((4, 3, 3, 2), {"pads": [1, 0, 1, 2]}),
        ((4, 3, 3, 3), {"pads": [0, 0, 1, 1], "strides": [2, 2]}),
        ((3, 1, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 1], "group": 3}),
    ],
)
def test_patches_are_what_a_convolution_multiplies(kernel, settings):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(2, 3, 7, 6)).astype(np.float32)
    weights = random.normal(size=kernel).astype(np.float32)
    node = helper.make_node("Conv", ["x", "w"], ["y"], **settings)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xw"],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    (expected,) = ReferenceEvaluator(helper.make_model(graph)).run(
        None, {"x": inputs, "w": weights}
    )
    seen, rows = patches(inputs, kernel, settings), weights.reshape(len(weights), -1)
    products = np.einsum("cmk,ck->mc", seen, rows) if "group" in settings else seen @ rows.T
    expected = np.moveaxis(expected, 1, -1).reshape(-1, len(weights))
    np.testing.assert_allclose(products, expected, atol=1e-5)


def separable_hasher(make_hasher):
    """A hasher with a depthwise and a grouped convolution, and a dilated one."""
    inputs = keras.Input((10, 8, 3))
    x = keras.layers.Rescaling(1 / 64)(inputs)
    x = keras.layers.Conv2D(8, 3, activation="relu", name="first")(x)
    x = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depth")(x)
    x = keras.layers.Conv2D(8, 1, activation="relu", name="point")(x)
    x = keras.layers.Conv2D(8, 3, padding="same", dilation_rate=2, name="dilated")(x)
    return make_hasher(backbone=keras.Model(inputs, x, name="separable"))


def test_which_convolutions_are_rounded_and_the_others_stay(
    make_hasher, images, tmp_path, monkeypatch
):
    export.to_onnx(separable_hasher(make_hasher), tmp_path / "a.onnx")
    model = onnx.load(tmp_path / "a.onnx")
    rounded = integers(to_int8(model, images[:64]))
    monkeypatch.setattr(
        "classwise.export.onnx.precision.int8.round_convolutions", lambda *arguments: None
    )
    nearest = integers(to_int8(model, images[:64]))
    changed = {name for name in nearest if not np.array_equal(nearest[name], rounded[name])}
    assert len(nearest) >= 3
    assert any("depth" in name for name in changed)
    assert any("point" in name for name in changed)
    assert not any("dilated" in name for name in changed)


def test_nothing_to_round(make_hasher, images, tmp_path):
    inputs = keras.Input((10, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="only")(inputs)
    x = keras.layers.Dense(6, activation="relu", name="dense")(keras.layers.Flatten()(x))
    export.to_onnx(make_hasher(backbone=keras.Model(inputs, x)), tmp_path / "a.onnx")
    model = onnx.load(tmp_path / "a.onnx")
    assert integers(to_int8(model, images[:8], ("first",)))


def test_embeddings_of_int8_are_nearer(model, images, monkeypatch):
    def distance(made):
        sessions = (onnxruntime.InferenceSession(m.SerializeToString()) for m in (model, made))
        whole, other = (s.run(["embedding"], {"images": images[64:]})[0] for s in sessions)
        return np.abs(whole - other).mean()

    rounded = distance(to_int8(model, images[:64]))
    monkeypatch.setattr(
        "classwise.export.onnx.precision.int8.round_convolutions", lambda *arguments: None
    )
    assert rounded < 0.9 * distance(to_int8(model, images[:64]))


def integers(model):
    return {
        constant.name: numpy_helper.to_array(constant)
        for constant in model.graph.initializer
        if constant.data_type == TensorProto.INT8
    }


def test_only_integers_of_convolutions_change(model, images, monkeypatch):
    monkeypatch.setattr(
        "classwise.export.onnx.precision.int8.round_convolutions", lambda *arguments: None
    )
    nearest = to_int8(model, images[:64])
    rounded = onnx.ModelProto()
    rounded.CopyFrom(nearest)
    round_convolutions(rounded, model, Calibration(images[:64], 16))
    before, after = integers(nearest), integers(rounded)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert len(changed) == 8  # nine convolutions, the first in float
    assert all(np.abs(before[name].astype(int) - after[name]).max() < 20 for name in changed)
    for one, other in zip(nearest.graph.initializer, rounded.graph.initializer, strict=True):
        assert one.name in changed or one == other
    assert nearest.graph.node == rounded.graph.node
