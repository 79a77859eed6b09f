"""Training in two processes, as docs/TRAINING.md shows it, against one process."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "TRAINING.md").read_text(encoding="utf-8")
(SCRIPT,) = re.findall(r"```python\n# several processes\n(.*?)```", TEXT, re.DOTALL)
SECONDS = 240


def trained(folder: Path, processes: int) -> keras.Model:
    """Returns the hasher that so many processes train together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        first = f"127.0.0.1:{free.getsockname()[1]}"
    variables = {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": str(ROOT),
        "PROCESSES": str(processes),
        "FIRST": first,
    }
    folder.mkdir()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            cwd=folder,
            env={**os.environ, **variables, "PROCESS": str(process)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in range(processes)
    ]
    try:
        for each in running:
            _, errors = each.communicate(timeout=SECONDS)
            assert each.returncode == 0, errors[-3000:]
    finally:
        for each in running:
            each.kill()
    return keras.saving.load_model(folder / f"hasher_{processes - 1}.keras")


@pytest.mark.large
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="once is enough")
def test_two_processes_come_to_the_weights_and_centers_of_one(tmp_path):
    pytest.importorskip("jax")
    alone, together = trained(tmp_path / "one", 1), trained(tmp_path / "two", 2)
    centers = together.class_centers.get_centers()
    np.testing.assert_allclose(centers, alone.class_centers.get_centers(), atol=1e-4)
    assert (np.abs(centers) != 1).all()  # they have left the vertices that they start at
    for one, other in zip(alone.weights, together.weights, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-4, err_msg=one.path)
