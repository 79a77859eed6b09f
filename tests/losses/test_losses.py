"""DCWHLoss and VonMisesFisherLoss against loops over their equations."""

from fractions import Fraction

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from classwise.losses import DCWHLoss, VonMisesFisherLoss


def log_posterior(logits, target):
    """Cross-entropy of softmax(logits) against a target distribution, by a loop."""
    normalizer = np.log(sum(np.exp(value - max(logits)) for value in logits)) + max(logits)
    return -sum(t * (value - normalizer) for t, value in zip(target, logits, strict=True))


def dcwh_loop(labels, embeddings, centers, b, eta, margin, vertex_weight):
    losses = []
    for target, h in zip(labels, embeddings, strict=True):
        logits = [-b / 2 * sum((h - mu) ** 2) for mu in centers]
        cubic = sum(max(abs(x) - margin, 0) for x in h)
        vertex = sum((x - (1 if x > 0 else -1)) ** 2 for x in h)
        losses.append(log_posterior(logits, target) + eta * cubic + vertex_weight * vertex)
    return np.array(losses)


def vmf_loop(labels, embeddings, centers, kappa):
    losses = []
    for target, h in zip(labels, embeddings, strict=True):
        z = h / np.sqrt(sum(h**2))
        losses.append(log_posterior([kappa * sum(mu * z) for mu in centers], target))
    return np.array(losses)


def problem(seed, batch=5, classes=4, length=6):
    random = np.random.default_rng(seed)
    embeddings = random.normal(size=(batch, length)) * 1.5
    centers = random.normal(size=(classes, length))
    labels = random.integers(classes, size=batch)
    return random, embeddings, centers, labels


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def value(loss, labels, embeddings, centers):
    return ops.convert_to_numpy(loss(labels, (embeddings, centers)))


weights = st.floats(0, 3, width=32)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.015625, 3, width=32), weights, weights)
def test_dcwh_equals_the_loop(seed, b, eta, vertex_weight):
    _, embeddings, centers, labels = problem(seed)
    loss = DCWHLoss(b, eta, 1.1, vertex_weight, reduction=None)
    expected = dcwh_loop(np.eye(4)[labels], embeddings, centers, b, eta, 1.1, vertex_weight)
    np.testing.assert_allclose(
        value(loss, labels, embeddings, centers), expected, rtol=2e-5, atol=2e-5
    )


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.125, 50, width=32))
def test_vmf_equals_the_loop(seed, kappa):
    _, embeddings, centers, labels = problem(seed)
    loss = VonMisesFisherLoss(kappa, reduction=None)
    expected = vmf_loop(np.eye(4)[labels], embeddings, unit(centers), kappa)
    actual = value(loss, labels, embeddings, unit(centers))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("loss", [DCWHLoss(vertex_weight=0.3), VonMisesFisherLoss()])
def test_multi_hot_target_is_uniform_over_the_labels(loss):
    random, embeddings, centers, _ = problem(3)
    centers = unit(centers)
    labels = random.integers(0, 2, size=(5, 4))
    labels[:, 0] = 1
    target = labels / labels.sum(axis=1, keepdims=True)
    if isinstance(loss, DCWHLoss):
        expected = dcwh_loop(target, embeddings, centers, 0.25, 0.1, 1.1, 0.3)
    else:
        expected = vmf_loop(target, embeddings, centers, 15.0)
    actual = value(loss, labels, embeddings, centers)
    np.testing.assert_allclose(actual, expected.mean(), rtol=2e-5)


@pytest.mark.parametrize("loss", [DCWHLoss, VonMisesFisherLoss])
def test_soft_labels_are_the_target(loss):
    _, embeddings, centers, ids = problem(4)
    smooth = 0.9 * np.eye(4)[ids] + 0.1 / 4
    mixed = 0.7 * np.eye(4)[ids] + 0.3 * np.eye(4)[ids[::-1]]
    loop = dcwh_loop if loss is DCWHLoss else vmf_loop
    settings = (0.25, 0.1, 1.1, 0.0) if loss is DCWHLoss else (15.0,)
    for labels in (smooth, mixed):
        expected = loop(labels, embeddings, centers, *settings)
        found = value(loss(reduction="none"), labels.astype(np.float32), embeddings, centers)
        np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("wrong", [4, -1])
@pytest.mark.parametrize("loss", [DCWHLoss, VonMisesFisherLoss])
def test_an_id_that_is_no_class_gives_nan_and_not_0(loss, wrong):
    _, embeddings, centers, ids = problem(5)
    ids[2] = wrong
    found = value(loss(reduction="none"), ids, embeddings, centers)
    np.testing.assert_array_equal(np.isnan(found), [False, False, True, False, False])


def test_an_image_without_label_has_no_class_wise_loss():
    _, embeddings, centers, _ = problem(4)
    loss = VonMisesFisherLoss(reduction=None)
    assert value(loss, np.zeros((5, 4)), embeddings, centers).tolist() == [0] * 5


def test_zero_belongs_to_the_vertex_of_bit_zero():
    loss = DCWHLoss(cubic_weight=0, vertex_weight=1.0)
    centers = np.zeros((2, 1))
    penalties = [
        float(value(loss, [0], np.array([[h]]), centers)) - np.log(2) for h in (0.0, -0.5, 0.5)
    ]
    np.testing.assert_allclose(penalties, [1.0, 0.25, 0.25], atol=1e-6)
    slope = 1e-3
    just_above = float(value(loss, [0], np.array([[slope]]), centers)) - np.log(2)
    just_below = float(value(loss, [0], np.array([[-slope]]), centers)) - np.log(2)
    np.testing.assert_allclose([just_above, just_below], (1 - slope) ** 2, atol=1e-6)


def gradient(loss, labels, embeddings, centers):
    """The gradient for embeddings and for centers, on whichever backend runs."""
    embeddings, centers = np.float32(embeddings), np.float32(centers)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        h, mu = tf.Variable(embeddings), tf.Variable(centers)
        with tf.GradientTape() as tape:
            result = loss(labels, (h, mu))
        gradients = tape.gradient(result, [h, mu])
        return gradients[0].numpy(), gradients[1]
    if keras.backend.backend() == "torch":
        import torch

        h = torch.tensor(embeddings, requires_grad=True)
        mu = torch.tensor(centers, requires_grad=True)
        loss(labels, (h, mu)).backward()
        return h.grad.numpy(), mu.grad
    import jax

    h, mu = jax.grad(lambda h, mu: loss(labels, (h, mu)), argnums=(0, 1))(embeddings, centers)
    return np.asarray(h), None if not np.any(mu) else mu


@pytest.mark.parametrize("loss", [DCWHLoss(vertex_weight=0.2), VonMisesFisherLoss()])
def test_gradient_equals_finite_differences_and_spares_the_centers(loss):
    _, embeddings, centers, labels = problem(7)
    # Away from the kinks of |h| - margin and sgn(h), where no derivative exists.
    embeddings[np.abs(np.abs(embeddings) - 1.1) < 0.05] += 0.2
    embeddings[np.abs(embeddings) < 0.05] += 0.2
    centers = unit(centers)

    def total(h):
        target = np.eye(4)[labels]
        if isinstance(loss, DCWHLoss):
            return dcwh_loop(target, h, centers, 0.25, 0.1, 1.1, 0.2).mean()
        return vmf_loop(target, h, centers, 15.0).mean()

    step = 1e-5
    expected = np.zeros_like(embeddings)
    for index in np.ndindex(*embeddings.shape):
        moved = np.zeros_like(embeddings)
        moved[index] = step
        expected[index] = (total(embeddings + moved) - total(embeddings - moved)) / (2 * step)
    actual, for_centers = gradient(loss, labels, embeddings, centers)
    np.testing.assert_allclose(actual, expected, atol=2e-5)
    assert for_centers is None


def test_sample_weights_scale_each_image():
    _, embeddings, centers, labels = problem(9)
    loss = DCWHLoss(reduction=None)
    each = value(loss, labels, embeddings, centers)
    weights = np.array([0.0, 1.0, 2.0, 0.5, 3.0], np.float32)
    weighted = loss(labels, (embeddings, centers), sample_weight=weights)
    np.testing.assert_allclose(ops.convert_to_numpy(weighted), each * weights, rtol=1e-6)


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_class_ids_stay_exact_in_half_precision(policy):
    """2,049 has no float16: a loss that casts labels to it would take class 2,048's center."""
    floatx = keras.config.floatx()
    try:
        keras.config.set_floatx(policy)
        loss = DCWHLoss(inverse_variance=4.0, reduction=None)
        # Ids as 12-digit vertices: every class has a center of its own.
        ids = np.arange(2050)
        centers = np.float32((ids[:, None] >> np.arange(12)) & 1) * 2 - 1
        labels = np.array([2047, 2048, 2049])
        losses = value(loss, labels, ops.cast(centers[labels], policy), centers)
    finally:
        keras.config.set_floatx(floatx)
    assert losses.dtype == np.float32
    assert losses.max() < 0.1
    wrong = value(loss, labels[::-1].copy(), centers[labels], centers)
    assert wrong[0] > 5


@pytest.mark.parametrize(
    "loss",
    [
        DCWHLoss(0.5, 0.2, 1.0, 0.05, reduction="sum", name="mine"),
        VonMisesFisherLoss(7.5, reduction=None, name="mine"),
    ],
)
def test_config_round_trip(loss):
    import json

    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is type(loss)
    assert twin.get_config() == loss.get_config()


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_any_real_number_is_stored_as_a_plain_one(number):
    assert DCWHLoss(cubic_weight=number).get_config()["cubic_weight"] == 0.5
    assert type(DCWHLoss(cubic_weight=number).cubic_weight) is float
    assert type(VonMisesFisherLoss(np.int64(8)).concentration) is float


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "2", True, np.True_, 1j])
def test_bad_settings_are_named(value):
    with pytest.raises(ValueError, match=r"cubic_weight is .*finite number"):
        DCWHLoss(cubic_weight=value)
    with pytest.raises(ValueError, match="concentration is"):
        VonMisesFisherLoss(concentration=value)
    with pytest.raises(ValueError, match="inverse_variance is 0"):
        DCWHLoss(inverse_variance=0)


def test_predictions_without_centers_are_refused():
    with pytest.raises(ValueError, match=r"needs \(embeddings, centers\)"):
        DCWHLoss()(np.array([0, 1]), np.zeros((2, 4)))


def test_labels_of_other_width_are_refused():
    with pytest.raises(ValueError, match="3 columns but there are 4 class"):
        DCWHLoss()(np.ones((2, 3)), (np.zeros((2, 5)), np.zeros((4, 5))))
