"""Muon: its update against singular values, its other part against Keras's AdamW."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classwise import losses, zoo
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.models.muon import Muon, orthogonal

DECAY = 0.1


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


@settings(max_examples=25)
@given(st.integers(2, 12), st.integers(2, 12), st.floats(1e-3, 1e3), st.integers(0, 99))
def test_orthogonal_keeps_singular_vectors_and_evens_singular_values(rows, columns, scale, seed):
    random = np.random.default_rng(seed)
    left, _ = np.linalg.qr(random.normal(size=(rows, rows)))
    right, _ = np.linalg.qr(random.normal(size=(columns, columns)))
    rank = min(rows, columns)
    values = random.uniform(0.3, 1, rank) * scale
    matrix = (left[:, :rank] * values) @ right[:, :rank].T
    found = to_numpy(orthogonal(keras.ops.convert_to_tensor(matrix.astype("float32"))))
    core = left[:, :rank].T @ found @ right[:, :rank]
    np.testing.assert_allclose(core - np.diag(np.diag(core)), 0, atol=0.15)  # of bfloat16
    assert ((np.diag(core) > 0.55) & (np.diag(core) < 1.35)).all()


def test_no_gradient_moves_nothing():
    assert not to_numpy(orthogonal(keras.ops.zeros((4, 3)))).any()


def expected_kernel(kernel, gradients, rate):
    """The docstring's formula in NumPy, with singular values of exactly one."""
    matrix = kernel.reshape(-1, kernel.shape[-1]).astype("float64")
    momentum = np.zeros_like(matrix)
    for gradient in gradients:
        gradient = gradient.reshape(matrix.shape)
        momentum = 0.95 * momentum + gradient
        u, _, v = np.linalg.svd(gradient + 0.95 * momentum, full_matrices=False)
        matrix -= rate * DECAY * matrix
        matrix -= rate * 0.2 * max(matrix.shape) ** 0.5 * (u @ v)
    return matrix.reshape(kernel.shape)


@pytest.mark.parametrize("shape", [(3, 3, 2, 8), (1, 1, 2, 6)])
def test_a_kernel_goes_as_the_formula_says(shape):
    random = np.random.default_rng(1)
    kernel, *gradients = random.normal(size=(4, *shape)).astype("float32")
    variable = keras.Variable(kernel)
    optimizer = Muon(learning_rate=0.01, weight_decay=DECAY)
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    moved = to_numpy(variable) - kernel
    expected = expected_kernel(kernel, gradients, 0.01) - kernel
    error = np.linalg.norm(moved - expected) / np.linalg.norm(expected)
    assert error < 0.35  # singular values are from 0.6 to 1.3
    assert (moved * expected).sum() > 0.95 * np.linalg.norm(moved) * np.linalg.norm(expected)


@pytest.mark.parametrize("shape", [(7,), (5, 4), (3, 3, 6, 1)])
def test_the_rest_goes_as_adamw_does(shape):
    random = np.random.default_rng(2)
    start, *gradients = random.normal(size=(4, *shape)).astype("float32")
    results = []
    for optimizer in (Muon, keras.optimizers.AdamW):
        variable = keras.Variable(start)
        stepping = optimizer(learning_rate=0.01, weight_decay=DECAY)
        for gradient in gradients:
            stepping.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        results.append(to_numpy(variable))
    np.testing.assert_allclose(*results, rtol=1e-6)


@pytest.mark.large
def test_a_saved_hasher_brings_its_optimizer_back(tmp_path):
    hasher = zoo.Hasher(zoo.resnet(8, (8, 8, 1), width=2), code_length=8, num_classes=2)
    hasher.compile(zoo.Muon(learning_rate=0.02, weight_decay=0.3), losses.DCWHLoss())
    images = np.random.default_rng(3).integers(0, 256, (8, 8, 8, 1)).astype("uint8")
    hasher.fit(images, np.arange(8) % 2, verbose=0)
    hasher.save(tmp_path / "hasher.keras")
    again = load_file(tmp_path / "hasher.keras").optimizer
    assert isinstance(again, zoo.Muon)
    assert again.get_config() == hasher.optimizer.get_config()
    for before, after in zip(hasher.optimizer.variables, again.variables, strict=True):
        np.testing.assert_array_equal(to_numpy(before), to_numpy(after))
    # In a process where nobody has imported the optimizer.
    loaded = f"load_file({str(tmp_path / 'hasher.keras')!r}).optimizer.name"
    code = f"from classwise.zoo.models.keras_files import load_file; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "muon\n", done.stderr
