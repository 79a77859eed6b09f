import numpy as np
import pytest

from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.fitting.starting_heads import STARTS, evenly, itq_head
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.training.iterative_quantization import itq_rotation


@pytest.mark.parametrize("code_length", [6, 40])
def test_ridge_regression_of_itq_codes(grouped, code_length):
    """The oracle solves the same least squares with the penalty as rows of their own."""
    features = grouped[0]
    inputs = mapped(features, *principal_axes(features, 24).whitening(24, 0))
    teacher = unit_length(inputs[:, :10])
    head = itq_head(inputs, teacher, code_length, seed=2)

    count = min(code_length, 10)
    centered = teacher.astype(np.float64) - teacher.mean(axis=0)
    components = centered @ principal_axes(teacher, count).axes
    components = np.hstack([components, np.zeros((200, code_length - count))])
    scale = np.sqrt(np.mean(components[:, :count] ** 2))
    wanted = components / scale @ itq_rotation(components / scale, seed=2)
    wanted /= np.sqrt(np.mean(wanted**2))
    x = inputs.astype(np.float64)
    penalty = np.sqrt(0.01 * len(x) * np.mean(x**2)) * np.eye(24)
    rows = np.vstack([x, penalty]), np.vstack([wanted, np.zeros((24, code_length))])
    found = inputs @ head.kernel
    np.testing.assert_allclose(found, x @ np.linalg.lstsq(*rows, rcond=None)[0], atol=1e-3)


@pytest.mark.parametrize("name", STARTS)
def test_every_start_gives_outputs_of_mean_square_about_one(grouped, name):
    features = grouped[0]
    inputs = mapped(features, *principal_axes(features, 24).whitening(24, 0))
    outputs = STARTS[name](inputs, unit_length(inputs), 8, 0).outputs(inputs)
    assert outputs.shape == (200, 8)
    assert 0.5 < np.sqrt(np.mean(outputs**2)) < 2


def test_evenly():
    assert evenly(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert evenly(9, 3).tolist() == [0, 4, 8]
