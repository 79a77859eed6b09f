"""Writing to a full disk: one sentence, exit status 2, and nothing left behind.

A limit on the size of files (RLIMIT_FSIZE) fails a write in the middle of it, as a full disk does.
"""

import resource
import subprocess
import sys

import pytest

START = "import sys; from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"
RECIPE = """
method = "dcwh"
protocol = "folder"
backbone = "resnet8"
code_length = 8
batch_size = 2
image_shape = [8, 8, 1]
[[stages]]
epochs = 1
"""


def run(limit, *arguments):
    return subprocess.run(
        [sys.executable, "-c", START, *map(str, arguments)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


@pytest.mark.parametrize("format", ["onnx", "saved_model"])
def test_export(model_file, tmp_path, format):
    output = tmp_path / "out" / "model"
    done = run(1000, "export", model_file, "--format", format, "-o", output)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_encode(model_file, image_folder, tmp_path):
    output = tmp_path / "out" / "codes.npz"
    done = run(100, "encode", model_file, image_folder, "-o", output)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_training_keeps_its_folder_usable(image_folder, tmp_path):
    recipe = tmp_path / "shoes.toml"
    recipe.write_text(RECIPE)
    arguments = ("train", recipe, "--images", image_folder, "-o", tmp_path / "run", "-q")
    done = run(100_000, *arguments, "--no-tensorboard")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".lock", "recipe.json"]
    again = run(100_000_000, *arguments, "--no-tensorboard")
    assert again.returncode == 0, again.stderr
