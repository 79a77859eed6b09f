"""The loop that all losses share; its trainings run on JAX alone (`make test-backends`)."""

import dataclasses
import importlib

import keras
import numpy as np
import pytest

from bench.studies.rivals.class_wise import ClassWise
from bench.studies.rivals.contestants import CONTESTANTS
from bench.studies.rivals.grounds import Sets
from bench.studies.rivals.judge import judged
from bench.studies.rivals.plan import Plan
from classwise.losses import ClassCenters

pytest.importorskip("jax", reason="the study runs on JAX")
training = importlib.import_module("bench.studies.rivals.training")

PLAN = Plan(epochs=4, steps=6, batch_size=25, hidden_units=0)
on_jax = pytest.mark.skipif(
    keras.backend.backend() != "jax", reason="a loss is traced by JAX, whose Keras it needs"
)


@pytest.fixture(scope="module")
def sets():
    """Images of four classes that differ in three directions of small variance, among many."""
    random = np.random.default_rng(0)
    labels, every = np.arange(480) % 4, np.arange(480)
    noise = random.normal(size=(480, 20)) * np.r_[np.full(3, 0.2), np.full(17, 1)]
    features = noise + np.pad(random.normal(size=(4, 3))[labels], ((0, 0), (0, 17)))
    return Sets(features.astype(np.float32), labels, every[:240], every[240:], every[:240])


def test_batches_go_through_all_images_before_one_comes_again():
    order = training.batches(50, PLAN, seed=1)
    assert order.shape == (4, 6, 25)
    for one_pass in order.reshape(-1, 50):
        assert sorted(one_pass) == list(range(50))
    assert (order == training.batches(50, PLAN, seed=1)).all()


def test_every_loss_starts_from_the_same_head():
    plan = dataclasses.replace(PLAN, hidden_units=7)
    first, *others = (
        training.first_weights(one.build(**one.settings[0]), 12, 4, 8, plan, seed=3)["head"]
        for one in CONTESTANTS
    )
    assert [kernel.shape for kernel, _ in first] == [(12, 7), (7, 8)]
    for head in others:
        for (kernel, bias), (same, zero) in zip(first, head, strict=True):
            np.testing.assert_array_equal(kernel, same)
            np.testing.assert_array_equal(bias, zero)


def test_steps_are_those_of_keras_adamw():
    random = np.random.default_rng(1)
    variable = keras.Variable(random.normal(size=(3, 2)).astype(np.float32))
    weights = np.array(variable)
    moments = np.zeros_like(weights), np.zeros_like(weights)
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.02)
    optimizer.build([variable])
    for step in range(1, 4):
        gradient = random.normal(size=(3, 2)).astype(np.float32)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        weights, moments = training.adamw_step(step, gradient, weights, moments, 0.01)
    np.testing.assert_allclose(weights, keras.ops.convert_to_numpy(variable), rtol=1e-5)


@pytest.mark.parametrize("method", ["dcwh", "vmf"])
def test_centers_are_re_estimated_as_class_centers_are(method):
    random = np.random.default_rng(2)
    criterion = ClassWise(method)
    known = ClassCenters(3, 4, normalize=method == "vmf")
    known.accumulate(np.array([0, 1, 0]), random.normal(size=(3, 4)).astype(np.float32))
    sums, counts, before = map(
        keras.ops.convert_to_numpy, (known.sums, known.counts, known.centers)
    )
    found = criterion.estimated(sums, counts, before)
    known.update()
    np.testing.assert_allclose(found, known.get_centers(), rtol=1e-5)
    assert criterion.moves_centers
    assert not ClassWise("csq").moves_centers


@on_jax
@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda one: one.name)
def test_a_trained_head_ranks_better_than_an_untrained_one(sets, contestant):
    criterion = contestant.build(**contestant.settings[0])
    found = {}
    for rate in (0.0, 0.05):
        head = training.train_head(criterion, sets, 16, PLAN, rate, 0)
        assert head(sets.features[:5]).shape == (5, 16)
        found[rate] = judged(head, sets.of("queries"), sets.of("database"), 16)["map"]
    assert found[0.05] > found[0.0] + 0.1
