import numpy as np
import pytest

from classwise.zoo.fitting import teacher_codes as module
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.fitting.teacher_codes import evenly, teacher_codes
from classwise.zoo.training.iterative_quantization import itq_rotation


@pytest.mark.parametrize("code_length", [6, 40])
def test_principal_components_turned_by_itq(grouped, code_length):
    teacher = unit_length(grouped[0][:, :10])
    centered = teacher.astype(np.float64) - teacher.mean(axis=0)
    _, _, right = np.linalg.svd(centered, full_matrices=False)
    components = centered @ right[:code_length].T
    components = np.hstack([components, np.zeros((200, code_length - components.shape[1]))])
    found = teacher_codes(teacher, code_length, seed=2)
    # The product of all pairs knows no rotation, and no sign of a singular vector.
    scale = np.mean(components**2)
    np.testing.assert_allclose(found @ found.T, components @ components.T / scale, atol=1e-2)
    np.testing.assert_allclose(np.mean(found**2), 1, rtol=1e-4)
    if code_length == 6:
        turned = components @ itq_rotation(components, seed=2)
        quantized = np.abs(found).sum() / np.sqrt((found**2).sum())
        assert quantized >= 0.98 * np.abs(turned).sum() / np.sqrt((turned**2).sum())


def test_one_seed_gives_the_same_codes(grouped):
    first, second, other = (teacher_codes(grouped[0], 8, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_a_sample_finds_the_rotation_of_all(grouped, monkeypatch):
    monkeypatch.setattr(module, "MOST_PHOTOS", 100)
    assert teacher_codes(grouped[0], 8, 0).shape == (200, 8)


def test_evenly():
    assert evenly(5, 10).tolist() == [0, 1, 2, 3, 4]
