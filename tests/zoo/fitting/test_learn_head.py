import dataclasses

import numpy as np
import pytest

from classwise.zoo.fitting import learn_head as module
from classwise.zoo.fitting.learn_head import learn_head, schedule
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.method_losses import SETTINGS, fitting_losses
from classwise.zoo.fitting.principal_axes import principal_axes
from classwise.zoo.methods import METHODS_OF_MEANS, build_loss

LENGTH = 10


@pytest.fixture
def learned(grouped, short_plan):
    """Learns a head from the groups of the features, with changes of the plan."""
    features, groups = grouped
    inputs = principal_axes(features, 24).whitening(24, 0)
    clusters = np.stack([groups, groups // 2], axis=1)
    random = np.random.default_rng(0)
    start = LinearHead(random.normal(size=(24, LENGTH)) / 5, np.zeros(LENGTH))
    bits = random.random((200, LENGTH)) > 0.5

    def learn(progress=lambda done: None, method="dcwh", **change):
        plan = dataclasses.replace(short_plan, **{"code_weight": 0.0} | change)
        losses = fitting_losses(method, LENGTH)
        head = learn_head(features, inputs, clusters, bits, start, losses, plan, 0, progress)
        np.testing.assert_array_equal(clusters[:, 0], groups)  # they are the caller's
        return head.outputs(features)

    return learn


def separation(outputs, groups):
    """Distance between groups' means in units of the spread inside groups."""
    means = np.stack([outputs[groups == g].mean(axis=0) for g in np.unique(groups)])
    inside = np.mean([outputs[groups == g].std(axis=0).mean() for g in np.unique(groups)])
    return means.std(axis=0).mean() / inside


@pytest.mark.parametrize("method", METHODS_OF_MEANS)
@pytest.mark.parametrize("memberships", ["fixed", "hard", "averaged"])
def test_groups_move_apart(learned, grouped, method, memberships):
    before = learned(steps=1, learning_rate=1e-9, method=method)
    after = learned(steps=100, learning_rate=1e-2, method=method, memberships=memberships)
    assert separation(after, grouped[1]) > 1.3 * separation(before, grouped[1])


def test_the_pull_leads_to_the_codes(learned):
    bits = np.random.default_rng(0)
    bits.normal(size=(24, LENGTH))
    bits = bits.random((200, LENGTH)) > 0.5

    def agreement(outputs):
        return np.mean((outputs > 0) == bits)

    assert agreement(learned(code_weight=50.0, learning_rate=1e-2)) > agreement(learned()) + 0.05


def test_progress_counts_steps(learned):
    seen = []
    learned(seen.append, steps=50, steps_a_round=20)
    assert seen == [1] * 50


def test_centers_of_many_photos_come_from_some_of_them(learned, grouped, monkeypatch):
    monkeypatch.setattr(module, "MOST_PHOTOS", 80)
    first, second = learned(), learned()
    np.testing.assert_array_equal(first, second)
    assert separation(first, grouped[1]) > 1


def test_the_rate_rises_and_falls(short_plan):
    plan = dataclasses.replace(short_plan, steps=100, learning_rate=0.5)
    rates = [float(schedule(plan)(step)) for step in (0, 10, 20, 60, 100)]
    np.testing.assert_allclose(rates, [0.005, 0.2525, 0.5, 0.25, 0], atol=1e-3)


def test_a_method_without_settings_has_its_losss_defaults(monkeypatch):
    monkeypatch.delitem(SETTINGS, "vmf")
    (found,) = fitting_losses("vmf", 64)
    assert found.get_config() == build_loss("vmf", {}).get_config()
    first, second = fitting_losses("dcwh", 128)
    assert first.inverse_variance == second.inverse_variance == 0.125
    assert (first.vertex_weight, second.vertex_weight) == (0.0, 0.01)
