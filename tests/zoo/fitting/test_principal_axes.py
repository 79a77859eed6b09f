import numpy as np
import pytest

from classwise.zoo.fitting import principal_axes as module
from classwise.zoo.fitting.principal_axes import mapped, principal_axes


def test_axes_are_those_of_the_singular_value_decomposition(grouped):
    features = grouped[0].astype(np.float64)
    found = principal_axes(grouped[0], 5)
    centered = features - features.mean(axis=0)
    _, values, right = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(found.variances, values[:5] ** 2 / len(features), rtol=1e-5)
    np.testing.assert_allclose(np.abs(found.axes.T @ right[:5].T), np.eye(5), atol=1e-4)


@pytest.mark.parametrize("power", [0, 0.3, 1])
def test_whitening_by_a_loop(grouped, power):
    features = grouped[0].astype(np.float64)
    axes = principal_axes(grouped[0], 6)
    matrix, offset = axes.whitening(4, power)
    wanted = np.empty((len(features), 4))
    for axis in range(4):
        along = (features - axes.mean) @ axes.axes[:, axis]
        divisor = axes.variances[axis] + 0.1 * axes.variances[3]
        wanted[:, axis] = along / divisor ** (power / 2)
    wanted /= np.sqrt(np.mean(wanted**2))
    np.testing.assert_allclose(features @ matrix + offset, wanted, atol=1e-4)


def test_all_variances_become_equal_where_the_power_is_one():
    features = np.random.default_rng(0).normal(size=(5000, 3)) * [5, 4.9, 4.8]
    found = mapped(features, *principal_axes(features, 3).whitening(3, 1))
    np.testing.assert_allclose(found.std(axis=0), 1, atol=0.02)


def test_axes_without_variance_are_left_out():
    features = np.random.default_rng(0).normal(size=(60, 2)) @ np.ones((2, 5))
    axes = principal_axes(features, 5)
    assert axes.rank == 1
    assert axes.whitening(5, 0.3)[0].shape == (5, 1)


def test_many_features_are_thinned_evenly(grouped, monkeypatch):
    monkeypatch.setattr(module, "MOST_FEATURES", 100)
    rows = np.linspace(0, 199, 100).astype(int)
    thinned, chosen = principal_axes(grouped[0], 3), principal_axes(grouped[0][rows], 3)
    np.testing.assert_array_equal(thinned.variances, chosen.variances)


def test_the_map_goes_by_chunks_of_any_type(grouped, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    features = grouped[0].astype(np.float16)
    matrix, offset = principal_axes(features, 3).whitening(3, 0)
    wanted = features.astype(np.float32) @ matrix + offset
    np.testing.assert_allclose(mapped(features, matrix, offset), wanted, atol=1e-5)
