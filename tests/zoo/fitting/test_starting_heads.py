import numpy as np
import pytest

from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.fitting.starting_heads import STARTS, itq_head


@pytest.fixture
def inputs(grouped):
    return mapped(grouped[0], *principal_axes(grouped[0], 24).whitening(24, 0))


def test_ridge_regression(inputs):
    """The oracle solves the same least squares with the penalty as rows of their own."""
    codes = np.random.default_rng(0).normal(size=(200, 7)) + inputs[:, :7]
    head = itq_head(inputs, codes, seed=0)
    x = inputs.astype(np.float64)
    penalty = np.sqrt(0.01 * len(x) * np.mean(x**2)) * np.eye(24)
    rows = np.vstack([x, penalty]), np.vstack([codes, np.zeros((24, 7))])
    np.testing.assert_allclose(head.kernel, np.linalg.lstsq(*rows, rcond=None)[0], atol=1e-8)
    assert (head.bias == 0).all()


@pytest.mark.parametrize("name", STARTS)
def test_every_start_gives_outputs_of_mean_square_about_one(inputs, name):
    outputs = STARTS[name](inputs, inputs[:, :8], 0).outputs(inputs)
    assert outputs.shape == (200, 8)
    assert 0.5 < np.sqrt(np.mean(outputs**2)) < 2


def test_a_random_start_follows_its_seed(inputs):
    first, second, other = (STARTS["random"](inputs, inputs, seed).kernel for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).all()
