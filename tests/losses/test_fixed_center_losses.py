"""OrthoHashLoss and CSQLoss against loops over their equations, and centers that never move."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from classwise.losses import CenterUpdate, ClassCenters, CSQLoss, OrthoHashLoss
from classwise.losses.class_centers import hadamard_vertices, separated_vertices
from classwise.zoo import Hasher
from classwise.zoo.methods import METHODS, METHODS_OF_MEANS
from tests.losses.test_losses import gradient, log_posterior, problem, unit, value


def ortho_hash_loop(rows, embeddings, centers, scale, margin):
    losses = []
    for row, h in zip(rows, embeddings, strict=True):
        z = h / np.sqrt(sum(h**2))
        cosines = [sum(z * mu / np.sqrt(sum(mu**2))) - margin * own for mu, own in zip(
            centers, row, strict=True)]  # fmt: skip
        losses.append(log_posterior([scale * c for c in cosines], row / max(sum(row), 1)))
    return np.array(losses)


def csq_loop(rows, embeddings, centers, weight):
    """The mean over all draws of tied bits is the mean over both values of each."""
    losses = []
    for row, h in zip(rows, embeddings, strict=True):
        central, quantization = 0.0, 0.0
        for k, output in enumerate(np.tanh(h)):
            votes = sum(np.sign(mu[k]) for mu, own in zip(centers, row, strict=True) if own)
            chosen = (0, 1) if votes == 0 else (float(votes > 0),)
            p = (1 + output) / 2
            each = [-(t * np.log(p) + (1 - t) * np.log(1 - p)) for t in chosen]
            central += sum(each) / len(each) / len(h)
            quantization += (abs(output) - 1) ** 2 / len(h)
        losses.append(central * any(row) + weight * quantization)
    return np.array(losses)


def several_labels(random):
    rows = random.integers(0, 2, (5, 4))
    rows[:, 0] = 1
    return rows


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.125, 20, width=32), st.floats(0, 1, width=32))
def test_ortho_hash_equals_the_loop(seed, scale, margin):
    random, embeddings, centers, labels = problem(seed)
    loss = OrthoHashLoss(scale, margin, reduction=None)
    for given_labels, rows in ((labels, np.eye(4)[labels]), (r := several_labels(random), r)):
        expected = ortho_hash_loop(rows, embeddings, centers, scale, margin)
        found = value(loss, given_labels, embeddings, unit(centers))
        np.testing.assert_allclose(found, expected, rtol=3e-5, atol=3e-5)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, 3, width=32))
def test_csq_equals_the_loop(seed, weight):
    random, embeddings, centers, labels = problem(seed)
    loss = CSQLoss(weight, reduction=None)
    for given_labels, rows in ((labels, np.eye(4)[labels]), (r := several_labels(random), r)):
        expected = csq_loop(rows, embeddings, np.sign(centers), weight)
        found = value(loss, given_labels, embeddings, centers)
        np.testing.assert_allclose(found, expected, rtol=3e-5, atol=3e-5)


def test_a_bit_is_decided_by_the_most_of_three_labels():
    centers = np.array([[1.0, 1], [1, -1], [-1, -1]])
    h = np.array([[3.0, 3.0]])
    found = value(CSQLoss(0.0, reduction=None), np.ones((1, 3)), h, centers)
    np.testing.assert_allclose(found, [(np.log1p(np.exp(-6)) + np.log1p(np.exp(6))) / 2], rtol=1e-5)


def test_the_posterior_of_csq_is_that_of_independent_bits():
    _, embeddings, centers, _ = problem(2)
    vertices = np.where(centers > 0, 1, -1)
    logits = ops.convert_to_numpy(CSQLoss().logits(np.float32(embeddings), np.float32(centers)))
    for h, found in zip(embeddings, logits, strict=True):
        likely = [np.prod([1 / (1 + np.exp(-2 * b * x)) for b, x in zip(v, h, strict=True)])
                  for v in vertices]  # fmt: skip
        weights = np.exp(found - found.max())
        np.testing.assert_allclose(weights / weights.sum(), np.array(likely) / sum(likely), 1e-4)


@pytest.mark.parametrize("loss", [OrthoHashLoss, CSQLoss])
def test_no_label_and_no_class(loss):
    _, embeddings, centers, ids = problem(4)
    nothing = value(loss(reduction=None), np.zeros((5, 4)), embeddings, centers)
    if loss is CSQLoss:
        nothing = nothing - csq_loop(np.zeros((5, 4)), embeddings, centers, 0.05)
    np.testing.assert_allclose(nothing, 0, atol=1e-7)
    ids[1] = 7
    found = value(loss(reduction=None), ids, embeddings, centers)
    np.testing.assert_array_equal(np.isnan(found), [False, True, False, False, False])


@pytest.mark.parametrize("loss", [OrthoHashLoss(), CSQLoss(0.3)])
def test_gradient_equals_finite_differences_and_spares_the_centers(loss):
    _, embeddings, centers, labels = problem(7)
    embeddings[np.abs(embeddings) < 0.05] += 0.2  # away from the kink of |tanh|

    def total(h):
        rows = np.eye(4)[labels]
        if isinstance(loss, CSQLoss):
            return csq_loop(rows, h, centers, 0.3).mean()
        return ortho_hash_loop(rows, h, centers, 8.0, 0.2).mean()

    expected = np.zeros_like(embeddings)
    for index in np.ndindex(*embeddings.shape):
        moved = np.zeros_like(embeddings)
        moved[index] = 1e-5
        expected[index] = (total(embeddings + moved) - total(embeddings - moved)) / 2e-5
    actual, for_centers = gradient(loss, labels, embeddings, centers)
    np.testing.assert_allclose(actual, expected, atol=3e-5)
    assert for_centers is None


@pytest.mark.parametrize(
    "loss", [OrthoHashLoss(5, 0.1, reduction="sum", name="mine"), CSQLoss(0.1, reduction=None)]
)
def test_config_round_trip(loss):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    twin = keras.saving.deserialize_keras_object(config)
    assert type(twin) is type(loss)
    assert twin.get_config() == loss.get_config()


@pytest.mark.parametrize("loss", [OrthoHashLoss, CSQLoss])
def test_half_precision_gives_float32(loss):
    _, embeddings, centers, labels = problem(3)
    half = ops.cast(embeddings, "bfloat16")
    found = value(loss(reduction=None), labels, half, centers)
    assert found.dtype == np.float32
    rounded = ops.convert_to_numpy(ops.cast(half, "float32"))
    wanted = value(loss(reduction=None), labels, rounded, centers)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="scale is 0"):
        OrthoHashLoss(scale=0)
    with pytest.raises(ValueError, match="margin is -1"):
        OrthoHashLoss(margin=-1)
    with pytest.raises(ValueError, match="quantization_weight is nan"):
        CSQLoss(float("nan"))


@pytest.mark.parametrize(("classes", "length"), [(2, 2), (10, 16), (64, 64), (100, 64)])
def test_hadamard_vertices_are_orthogonal_or_opposite(classes, length):
    vertices = hadamard_vertices(classes, length, seed=1)
    assert vertices.dtype == np.float32
    assert set(np.unique(vertices)) == {-1, 1}
    products = vertices @ vertices.T
    for i in range(classes):
        for j in range(i):
            assert products[i, j] == (-length if i == j + length else 0)
    assert not np.array_equal(vertices, hadamard_vertices(classes, length, seed=2))


def test_no_bit_of_hadamard_vertices_is_the_same_in_all():
    vertices = hadamard_vertices(64, 64, seed=0)
    assert np.abs(vertices.sum(axis=0)).max() < 40


@pytest.mark.parametrize(("classes", "length"), [(10, 48), (33, 16)])
def test_without_a_matrix_vertices_are_well_separated(classes, length):
    wanted = separated_vertices(classes, length, 3)
    np.testing.assert_array_equal(hadamard_vertices(classes, length, 3), wanted)


def test_centers_drawn_so_keep_to_their_configuration():
    centers = ClassCenters(5, 8, normalize=True, seed=2, initial="hadamard")
    found = centers.get_centers()
    np.testing.assert_allclose(found @ found.T, np.eye(5), atol=1e-6)
    twin = ClassCenters.from_config(json.loads(json.dumps(centers.get_config())))
    np.testing.assert_array_equal(twin.get_centers(), found)
    with pytest.raises(ValueError, match="initial is 'bernoulli'; it must be one of separated"):
        ClassCenters(5, 8, initial="bernoulli")


@pytest.mark.parametrize(("loss", "normalize"), [(OrthoHashLoss(), True), (CSQLoss(), False)])
def test_training_leaves_the_centers(loss, normalize, tmp_path):
    random = np.random.default_rng(0)
    labels = np.arange(24) % 3
    shades = 50 * labels[:, None, None, None]
    images = (random.integers(0, 40, (24, 4, 4, 1)) + shades).astype(np.uint8)
    backbone = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Rescaling(1 / 64, -1.5), keras.layers.Flatten()]
    )
    settings = {"normalize": normalize, "initial_centers": "hadamard"}
    hasher = Hasher(backbone, code_length=8, num_classes=3, **settings)
    before = hasher.class_centers.get_centers()
    hasher.compile(keras.optimizers.Adam(0.05), loss, metrics=["accuracy"])
    for update in (CenterUpdate(), CenterUpdate([(images, labels)])):
        log = hasher.fit(images, labels, epochs=8, batch_size=8, verbose=0, callbacks=[update])
    np.testing.assert_array_equal(hasher.class_centers.get_centers(), before)
    assert log.history["accuracy"][-1] > 0.9
    hasher.save(tmp_path / "hasher.keras")
    loaded = keras.saving.load_model(tmp_path / "hasher.keras")
    assert loaded.initial_centers == "hadamard"
    np.testing.assert_array_equal(loaded.class_centers.get_centers(), before)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_entries_say_what_losses_do(method):
    loss = method.loss_class()()
    assert (loss.normalize, loss.fixed_centers) == (method.unit_length, method.fixed_centers)
    assert method.posterior.format(**loss.get_config())


def test_methods_of_means():
    assert METHODS_OF_MEANS == ("dcwh", "vmf")
