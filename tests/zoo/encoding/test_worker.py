"""A worker that encodes with an ONNX file has neither TensorFlow nor Keras, nor much else."""

import importlib.metadata
import json
import re
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "EXPORT.md").read_text(encoding="utf-8")
MODEL = "hasher.onnx"
PHOTOS = np.random.default_rng(0).integers(0, 256, (3, 4, 3, 1), np.uint8)

# Whatever is imported beside Python, classwise, and what the document installs, is missing.
ALLOWED_ONLY = """
import importlib.abc, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in ALLOWED and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""
ENCODE = "from classwise.zoo.commands import main; sys.exit(main(sys.argv[1:]))"
READ = """
import json, sys
from classwise import zoo
pixels = zoo.read_images("photos/1.png", (4, 3, 1))[0]
print(json.dumps([pixels.tolist(), "tensorflow" in sys.modules]))
"""


def documented() -> list[str]:
    """Returns the packages that the document installs beside classwise."""
    (line,) = re.findall(r"^pip install --no-deps classwise\n(pip install .*)$", DOCUMENT, re.M)
    return shlex.split(line)[2:]


def with_requirements(names: list[str]) -> set[str]:
    """Returns distributions and all that they need, without extras, by normalized name."""
    found, waiting = set(), list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            needed, _, marker = line.partition(";")
            if "extra" not in marker and "python_version" not in marker:
                waiting.append(re.match(r"[\w.-]+", needed)[0])
    return found


def top_levels(names: set[str]) -> dict[str, Path]:
    """Returns what distributions put into site-packages, by name."""
    entries = {}
    for name in names:
        for file in importlib.metadata.distribution(name).files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__"):
                entries[top] = Path(file.locate()).parents[len(file.parts) - 1] / top
    return entries


@pytest.fixture
def folder(tmp_path, make_onnx_file):
    """A folder with an ONNX file and three photos."""
    make_onnx_file(MODEL)
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for pixels, name in zip(PHOTOS, ("1", "2", "deep/3"), strict=True):
        Image.fromarray(pixels[..., 0]).save(tmp_path / "photos" / f"{name}.png")
    return tmp_path


def check_codes(folder, onnx_embeddings):
    with np.load(folder / "codes.npz") as found:
        np.testing.assert_array_equal(found["codes"], np.packbits(onnx_embeddings(PHOTOS) > 0, 1))
        assert found["names"].tolist() == ["1.png", "2.png", "deep/3.png"]


def run(folder, code, *arguments):
    tops = top_levels(with_requirements(documented()))
    names = {"classwise", *(top.partition(".")[0] for top in tops)}
    code = f"ALLOWED = {names!r}\n{ALLOWED_ONLY}\n{code}"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True
    )


def test_encode_and_read_without_the_other_packages(folder, onnx_embeddings):
    done = run(folder, ENCODE, "encode", MODEL, "photos", "-o", "codes.npz")
    assert done.returncode == 0, done.stderr
    check_codes(folder, onnx_embeddings)
    assert json.loads(run(folder, READ).stdout) == [PHOTOS[0].tolist(), False]
    assert run(folder, ENCODE, "--help").returncode == 0


def test_what_needs_more_says_so(folder):
    done = run(folder, ENCODE, "encode", "dcwh_resnet9_fashion_mnist_48", "photos", "-o", "c.npz")
    assert done.returncode == 2
    assert "this needs the package tensorflow, which is not installed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.large
def test_a_bare_environment(folder, onnx_embeddings, tmp_path):
    """The packages of the document, linked from here, and classwise installed as it says."""
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=True)
    python = bare / "bin" / "python"
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "files", "samples", "*.npz")
    shutil.copytree(ROOT / "classwise", source / "classwise", ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*build, source], check=True, capture_output=True)
    install = [python, "-m", "pip", "--quiet", "install", "--no-deps", "--no-index"]
    subprocess.run([*install, *tmp_path.glob("*.whl")], check=True)
    (packages,) = (bare / "lib").glob("*/site-packages")
    for top, place in top_levels(with_requirements(documented())).items():
        if not (packages / top).exists():
            (packages / top).symlink_to(place)
    for absent in ("tensorflow", "keras", "sklearn"):
        assert subprocess.run([python, "-c", f"import {absent}"], capture_output=True).returncode
    command = [bare / "bin" / "classwise", "encode", MODEL, "photos", "-o", "codes.npz"]
    subprocess.run(command, check=True, cwd=folder)
    check_codes(folder, onnx_embeddings)
    read = subprocess.run([python, "-c", READ], cwd=folder, capture_output=True, text=True)
    assert json.loads(read.stdout) == [PHOTOS[0].tolist(), False], read.stderr
