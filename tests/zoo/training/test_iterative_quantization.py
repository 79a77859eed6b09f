"""Iterative quantization, against scipy's orthogonal Procrustes solution and its own invariants."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from classwise import zoo
from classwise.losses import DCWHLoss, VonMisesFisherLoss
from classwise.zoo.training import training_loop
from classwise.zoo.training.iterative_quantization import itq_rotation
from classwise.zoo.training.recipe import Augmentation, Stage
from classwise.zoo.training.training_loop import turn_by_itq
from tests.zoo.training.training_script import run, toy_images


def signs(values):
    return np.where(values > 0, 1.0, -1.0)


def quantization_loss(embeddings, rotation):
    turned = embeddings @ rotation
    return np.sum((signs(turned) - turned) ** 2)


def embeddings_of(seed, count, length):
    values = np.random.default_rng(seed).normal(size=(count, length)) + 0.5
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 12), st.integers(2, 9))
def test_every_iteration_solves_the_procrustes_problem(seed, count, length, iterations):
    embeddings = embeddings_of(seed, count, length)
    found = itq_rotation(embeddings, iterations, seed)
    np.testing.assert_allclose(found @ found.T, np.eye(length), atol=1e-9)
    before = itq_rotation(embeddings, iterations - 1, seed)
    best, _ = orthogonal_procrustes(embeddings, signs(embeddings @ before))
    # The solution is not unique where there are fewer embeddings than bits; what it reaches is.
    wanted = np.sum((signs(embeddings @ before) - embeddings @ best) ** 2)
    reached = np.sum((signs(embeddings @ before) - embeddings @ found) ** 2)
    assert reached == pytest.approx(wanted, rel=1e-9)
    assert quantization_loss(embeddings, found) <= quantization_loss(embeddings, before) + 1e-9


@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 12))
def test_from_the_axes_as_they_are_it_never_loses(seed, count, length):
    embeddings = 3 * embeddings_of(seed, count, length)
    found = itq_rotation(embeddings, 3, None)
    identity = np.eye(length)
    assert quantization_loss(embeddings, found) <= quantization_loss(embeddings, identity) + 1e-9


def test_the_seed_decides_where_it_starts():
    embeddings = embeddings_of(0, 50, 8)
    one, same, other = (itq_rotation(embeddings, 2, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1


@pytest.fixture
def hasher():
    """A vMF hasher of 12 bits with weights, biases and centers of no special kind."""
    keras.utils.set_random_seed(1)
    hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1)), 12, 4, normalize=True, hidden_units=6)
    hasher.hash_layer.bias.assign(np.linspace(-0.3, 0.3, 12))
    hasher.compile(loss=VonMisesFisherLoss(), metrics=["accuracy"])
    return hasher


def test_a_turned_hasher_scores_as_before_and_quantizes_better(hasher):
    images = toy_images(96, "train")
    before, scores = hasher.embed(images.images, verbose=0), evaluated(hasher, images)
    centers = hasher.class_centers.get_centers()
    zoo.fit_itq(hasher, images.images, iterations=20, seed=5)
    after = hasher.embed(images.images, verbose=0)
    rotation = itq_rotation(before, 20, 5)
    np.testing.assert_allclose(after, before @ rotation, atol=1e-5)
    np.testing.assert_allclose(hasher.class_centers.get_centers(), centers @ rotation, atol=1e-6)
    assert evaluated(hasher, images) == pytest.approx(scores, abs=1e-5)
    identity = np.eye(12)
    assert quantization_loss(after, identity) < quantization_loss(before, identity) - 1


def evaluated(hasher, images):
    return hasher.evaluate(images.images, images.labels, verbose=0, return_dict=True)


@pytest.mark.large
def test_a_recipe_turns_the_model_that_it_keeps(tmp_path, weights):
    options = {"method": "vmf", "itq_iterations": 10, "stages": (Stage(2),)}
    path = run(tmp_path / "run", **options)
    best = keras.saving.load_model(tmp_path / "run" / "best.keras")
    embeddings = best.embed(toy_images(96, "train").images, verbose=0)
    zoo.fit_itq(best, toy_images(96, "train").images, iterations=10, seed=0)
    for mine, other in zip(weights(path), best.weights, strict=True):
        np.testing.assert_allclose(mine, keras.ops.convert_to_numpy(other), atol=1e-5)
    turned = keras.saving.load_model(path).embed(toy_images(96, "train").images, verbose=0)
    assert np.abs(turned - embeddings).max() > 0.1
    once = weights(path)
    np.testing.assert_equal(weights(run(tmp_path / "run", **options)), once)  # not turned twice


@pytest.mark.large
def test_above_a_frozen_trunk(tmp_path):
    frozen = {"method": "vmf", "backbone": "resnet9", "trunk": "dcwh_resnet9_fashion_mnist"}
    frozen |= {"frozen_until": "pool", "stages": (Stage(2),), "hidden_units": 6}
    frozen["augmentation"] = Augmentation(flip=True)
    images = toy_images(96, "train").images
    before, after = (
        keras.saving.load_model(run(tmp_path / str(count), itq_iterations=count, **frozen)).embed(
            images, verbose=0
        )
        for count in (0, 10)
    )
    np.testing.assert_allclose(after @ after.T, before @ before.T, atol=1e-5)  # turned, no more
    identity = np.eye(8)
    assert quantization_loss(after, identity) < quantization_loss(before, identity) - 1


@pytest.mark.large
def test_dcwh_is_turned_before_its_vertex_stage(tmp_path, weights, monkeypatch):
    """The stage begins with what ITQ made of the stage before: same posterior, nearer signs."""
    turned = []

    def spy(hasher, *arguments):
        images = toy_images(96, "train")
        before, scores = hasher.embed(images.images, verbose=0), evaluated(hasher, images)
        turn_by_itq(hasher, *arguments)
        after = hasher.embed(images.images, verbose=0)
        epochs = int(keras.ops.convert_to_numpy(hasher.optimizer.iterations)) // 6
        turned.append((before, after, scores, evaluated(hasher, images), epochs))

    monkeypatch.setattr(training_loop, "turn_by_itq", spy)
    once = weights(run(tmp_path / "run", itq_iterations=10))
    ((before, after, scores, again, epochs),) = turned
    assert epochs == 2
    np.testing.assert_allclose(after, before @ itq_rotation(before, 10, None), atol=1e-3)
    assert again["accuracy"] == scores["accuracy"]
    identity = np.eye(8)
    assert quantization_loss(after, identity) < quantization_loss(before, identity)
    np.testing.assert_equal(weights(run(tmp_path / "run", itq_iterations=10)), once)
    assert len(turned) == 1


@pytest.mark.large
def test_dcwh_without_a_vertex_stage_is_turned_at_the_end(tmp_path):
    images = toy_images(96, "train").images
    path = run(tmp_path / "run", itq_iterations=10, stages=(Stage(2),))
    best = keras.saving.load_model(tmp_path / "run" / "best.keras")
    embeddings = best.embed(images, verbose=0)
    zoo.fit_itq(best, images, iterations=10)
    turned = keras.saving.load_model(path).embed(images, verbose=0)
    np.testing.assert_allclose(turned, best.embed(images, verbose=0), atol=1e-4)
    assert np.abs(turned - embeddings).max() > 0.1


def test_vertices_are_not_turned_away_from(tmp_path):
    hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1)), code_length=12, num_classes=4)
    hasher.compile("adamw", DCWHLoss(vertex_weight=0.01))
    with pytest.raises(zoo.InputError, match="turn it before the epochs with a vertex_weight"):
        zoo.fit_itq(hasher, toy_images(8, "train").images)
    with pytest.raises(zoo.InputError, match="itq_iterations is 10; it must be 0 where the first"):
        run(tmp_path / "run", itq_iterations=10, stages=(Stage(1, {"vertex_weight": 0.1}),))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterations": 0}, "iterations is 0; it must be an integer from 1 on"),
        ({"iterations": 2.5}, "iterations is 2.5"),
        ({"iterations": True}, "iterations is True"),
        ({"seed": -1}, "seed is -1; it must be an integer from 0 on"),
        ({"embeddings": np.zeros((0, 4))}, r"embeddings \(0, 4\) must be \[N, L\]"),
        ({"embeddings": np.zeros(4)}, r"embeddings \(4,\) must be"),
        ({"embeddings": np.array([[0.0, np.nan]])}, "without NaN"),
    ],
)
def test_arguments_out_of_range(change, message):
    with pytest.raises(zoo.InputError, match=message):
        itq_rotation(**{"embeddings": np.ones((3, 4)), **change})


def test_a_wrong_method_is_still_named(tmp_path):
    with pytest.raises(zoo.InputError, match="did you mean 'vmf'"):
        run(tmp_path / "run", method="vmff", itq_iterations=10)


@pytest.mark.parametrize("value", [-1, 2.5, True])
def test_iterations_out_of_range(tmp_path, value):
    with pytest.raises(
        zoo.InputError, match=f"itq_iterations is {value}; it must be an integer from 0"
    ):
        run(tmp_path / "run", method="vmf", itq_iterations=value)
