"""The wheel, installed where nothing of this checkout can be imported."""

import configparser
import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("losses", "zoo", "export")
BUILD_FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")

# Every module of the wheel, and those packages that only functions import.
IMPORT_ALL = """
import importlib, pkgutil
import filelock, matplotlib, sklearn, tensorboard, tensorflow_datasets, threadpoolctl
import classwise.export, classwise.losses, classwise.zoo
for room in (classwise.export, classwise.losses, classwise.zoo):
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)
print("done")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in BUILD_FILES:
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    subprocess.run([*build, source], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A virtual environment with the wheel; the packages it needs come from this one."""
    folder = tmp_path_factory.mktemp("environment")
    pip(folder, "install", "--no-deps", "--no-index", wheel)
    (packages,) = (folder / "lib").glob("*/site-packages")
    # Paths added this way come last, and their own .pth files, an editable install's, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def pip(folder, *command):
    """Runs pip in the virtual environment of a folder, made if missing."""
    if not (folder / "bin").exists():
        venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "--quiet", *command], check=True)


def run(environment, *command):
    """Returns what a program of the virtual environment prints."""
    command = [environment / "bin" / command[0], *command[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=environment)
    return done.stdout


def test_the_wheel_imports_from_itself(environment):
    code = "import classwise.losses as l, classwise.zoo as z, classwise.export as e; "
    code += "print(l.__file__, z.__file__, e.__file__)"
    for path in run(environment, "python", "-c", code).split():
        assert str(environment) in path
        assert "site-packages/classwise" in path


def test_the_wheel_names_nothing_else_in_site_packages(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top.partition("-")[0] for top in tops} == {"classwise"}


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < 100e6


def test_presets_recipes_and_sample_come_along(environment):
    code = """
from classwise.zoo import list_models
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.load import check_file
from classwise.zoo.training import list_recipes
for name in list_models():
    check_file(get_preset(name))
print(len(list_models()), len(list_recipes()), len(load_sample("fashion_mnist")))
"""
    models, recipes, images = map(int, run(environment, "python", "-c", code).split())
    assert models >= 1
    assert recipes >= 2
    assert images == 2000


def test_the_command_line_runs(environment):
    listed = json.loads(run(environment, "classwise", "list", "--json"))
    keys = [
        "name",
        "method",
        "backbone",
        "dataset",
        "code_length",
        "protocol",
        "sha256",
        "bytes",
        "metrics",
    ]
    assert listed
    for entry in listed:
        assert set(keys) <= set(entry)


@pytest.mark.large
def test_a_fresh_environment_needs_nothing_else(wheel, tmp_path):
    """As a user gets it: pip resolves what the wheel declares, and nothing else is there."""
    fresh = tmp_path / "fresh"
    pip(fresh, "install", f"{wheel}[onnx]")
    pip(fresh, "check")
    assert run(fresh, "python", "-c", IMPORT_ALL).split() == ["done"]
    demo = json.loads(run(fresh, "classwise", "demo", "--json"))
    assert demo["onnx"]["parity"]["passed"]


def test_every_folder_of_code_is_listed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    expected = {"classwise." + ".".join(f.relative_to(ROOT).parts) for f in folders}
    assert {name for name in listed if name.startswith("classwise")} == expected
