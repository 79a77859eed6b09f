"""The wheel, installed where nothing of this checkout can be imported."""

import configparser
import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("losses", "zoo", "export")
BUILD_FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with the wheel; the packages it needs come from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in BUILD_FILES:
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    subprocess.run([*build, source], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")

    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True)
    (packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    # Paths added this way come last, and their own .pth files, an editable install's, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv", wheel


def run(environment, *command, **options):
    folder, _ = environment
    command = [folder / "bin" / command[0], *command[1:]]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=folder, **options
    ).stdout


def test_the_wheel_imports_from_itself(environment):
    code = "import classwise.losses as l, classwise.zoo as z, classwise.export as e; "
    code += "print(l.__file__, z.__file__, e.__file__)"
    for path in run(environment, "python", "-c", code).split():
        assert str(environment[0]) in path
        assert "site-packages/classwise" in path


def test_the_wheel_names_nothing_else_in_site_packages(environment):
    import zipfile

    tops = {name.split("/")[0] for name in zipfile.ZipFile(environment[1]).namelist()}
    assert {top.partition("-")[0] for top in tops} == {"classwise"}


def test_the_wheel_is_small(environment):
    assert environment[1].stat().st_size < 100e6


def test_presets_recipes_and_sample_come_along(environment):
    code = """
from classwise.zoo import list_models
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.load import check_file
from classwise.zoo.training import list_recipes
for name in list_models():
    check_file(get_preset(name))
print(len(list_models()), len(list_recipes()), len(load_sample()))
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


def test_every_folder_of_code_is_listed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    expected = {"classwise." + ".".join(f.relative_to(ROOT).parts) for f in folders}
    assert {name for name in listed if name.startswith("classwise")} == expected
