"""Writing to a full disk: one sentence, exit status 2, and nothing left behind.

A limit on the size of files (RLIMIT_FSIZE) fails a write in the middle of it, as a full disk does.
"""

import resource
import subprocess
import sys

import numpy as np
import pytest

START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"


def run(limit, *arguments):
    return subprocess.run(
        [sys.executable, "-c", START, *map(str, arguments)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


@pytest.fixture
def codes_file(tmp_path):
    """Codes of 2,000 images."""
    codes = np.random.default_rng(0).integers(0, 256, (2000, 8), np.uint8)
    names = [f"{number}.jpg" for number in range(len(codes))]
    np.savez(tmp_path / "codes.npz", codes=codes, names=names, code_length=64)
    return tmp_path / "codes.npz"


@pytest.mark.large
@pytest.mark.parametrize(
    ("format", "name"), [("onnx", "a.onnx"), ("saved_model", "a"), ("litert", "a.tflite")]
)
def test_export(model_file, tmp_path, format, name):
    output = tmp_path / "out" / name
    done = run(1000, "export", model_file, "--format", format, "-o", output)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "replace the layer" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_encode(model_file, image_folder, tmp_path):
    output = tmp_path / "out" / "codes.npz"
    done = run(100, "encode", model_file, image_folder, "-o", output)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f"{output}.part/" in done.stderr  # which disk it is
    assert not output.exists()


@pytest.mark.parametrize("limit", [100, 1300])
def test_index(make_onnx_file, image_folder, tmp_path, limit):
    """100 bytes stop the first part; 1,300 the index itself, which the next run finishes."""
    output = tmp_path / "out" / "photos.index"
    arguments = ("index", image_folder, "-o", output, "--model", make_onnx_file())
    done = run(limit, *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert str(output) in done.stderr  # which disk it is
    assert not output.exists()
    again = run(100_000_000, *arguments)
    assert again.returncode == 0, again.stderr
    assert [path.name for path in output.parent.iterdir()] == [output.name]


@pytest.mark.parametrize("name", ["faiss", "lance", "npz"])
def test_store(codes_file, tmp_path, name):
    """What PostgreSQL says of a full disk is in tests/zoo/search/stores/test_pgvector_store.py."""
    output = tmp_path / "out" / f"photos.{name}"
    done = run(1000, "store", codes_file, "--to", f"{name}:{output}")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f" {output}: " in done.stderr  # which disk it is
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [codes_file]


@pytest.mark.large
@pytest.mark.parametrize("limit", [100, 100_000])
def test_training_keeps_its_folder_usable(folder_recipe, image_folder, tmp_path, limit):
    """100 bytes stop the recipe or TensorBoard's first line; 100 kB the checkpoint."""
    arguments = ("train", folder_recipe, "--images", image_folder, "-o", tmp_path / "run", "-q")
    done = run(limit, *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    left = {path.name for path in (tmp_path / "run").iterdir()}
    assert left <= {".lock", "recipe.json", "tensorboard"}
    again = run(100_000_000, *arguments)
    assert again.returncode == 0, again.stderr
