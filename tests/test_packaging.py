"""The wheel, installed where nothing of this checkout can be imported."""

import ast
import configparser
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# For programs that must not find this checkout.
ELSEWHERE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
BUILD_FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")

# Every module of the wheel, and those packages that only functions import.
IMPORT_ALL = """
import importlib, pkgutil
import filelock, jinja2, matplotlib, sklearn, tensorboard, tensorflow_datasets, threadpoolctl
import classwise.export, classwise.losses, classwise.zoo
for room in (classwise.export, classwise.losses, classwise.zoo):
    for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)
print("done")
"""


def copied_sources(folder):
    """Copies what a wheel is built from, so that a build leaves nothing in the checkout."""
    source, left_out = folder / "source", shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "classwise", source / "classwise", ignore=left_out)
    for name in BUILD_FILES:
        shutil.copy(ROOT / name, source)
    return source


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = copied_sources(folder)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    subprocess.run([*build, source], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A virtual environment with the wheel; the packages it needs come from this one."""
    return installed(tmp_path_factory.mktemp("environment"), wheel)


@pytest.fixture(scope="module")
def editable(tmp_path_factory):
    """A virtual environment with an editable install of a copy of the sources."""
    source = copied_sources(tmp_path_factory.mktemp("checkout"))
    folder = tmp_path_factory.mktemp("editable")
    return installed(folder, "--no-build-isolation", "--editable", source)


def installed(folder, *what):
    """Makes a virtual environment that takes everything but classwise from this one."""
    venv.create(folder, with_pip=True)
    (packages,) = (folder / "lib").glob("*/site-packages")
    # Paths added this way come last, and their own .pth files, an editable install's, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip(folder, "install", "--no-deps", "--no-index", *what)
    return folder


def pip(folder, *command):
    """Runs pip in the virtual environment of a folder, made if missing."""
    if not (folder / "bin").exists():
        venv.create(folder, with_pip=True)
    command = [folder / "bin" / "python", "-m", "pip", "--quiet", *command]
    subprocess.run(command, check=True, env=ELSEWHERE)


def run(environment, *command):
    """Returns what a program of the virtual environment prints."""
    command = [environment / "bin" / command[0], *command[1:]]
    pipe, where = subprocess.PIPE, {"cwd": environment, "env": ELSEWHERE}
    return subprocess.run(command, stdout=pipe, text=True, check=True, **where).stdout


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


def test_the_wheel_holds_every_file(wheel):
    """Code, stubs, templates, presets, samples: what the checkout has, and nothing left out."""
    here = {p.relative_to(ROOT).as_posix() for p in (ROOT / "classwise").rglob("*") if p.is_file()}
    expected = {name for name in here if not name.endswith(".pyc")}
    found = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    assert found == expected


# Declared for others: TensorBoard for Keras's callback, importlib_resources for TFDS, which forgot.
OF_OTHERS = {"importlib-resources", "tensorboard"}


def test_what_is_imported_is_declared_and_nothing_else():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    needed = requirements(config["options"]["install_requires"])
    extras = config["options.extras_require"]
    optional = {name for extra in extras if extra != "dev" for name in requirements(extras[extra])}
    homes = importlib.metadata.packages_distributions()
    used = {
        normalized(package)
        for source in (ROOT / "classwise").rglob("*.py")
        for top in imported_packages(source)
        for package in homes.get(top, ())
    } - {"classwise"}
    assert needed - used == OF_OTHERS
    assert used <= needed | optional


def requirements(lines):
    """Returns the names of the packages that some lines of setup.cfg ask for."""
    return {
        normalized(re.match(r"[\w.-]+", line)[0])
        for line in lines.split("\n")
        if line[:1].isalpha()
    }


def normalized(name):
    return name.lower().replace("_", "-")


def imported_packages(source):
    """Returns the packages that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


# What type checkers and editors know: each line's comment is the error that mypy must find there.
TYPED = """\
import classwise
from classwise import export, losses, zoo

hasher = zoo.load("dcwh_resnet9_fashion_mnist_48")
zoo.load(3)  # arg-type
zoo.nope()  # attr-defined
classwise.nope  # attr-defined
export.to_onnx(hasher, "hasher.onnx")
export.to_onnx(hasher)  # call-arg
losses.nope()  # attr-defined
zoo.retrieval.evaluate_codes()  # call-arg
classwise.__version__.upper()
zoo.list_models().append(3)  # arg-type
"""


@pytest.mark.parametrize(
    "install", ["environment", pytest.param("editable", marks=pytest.mark.large)]
)
def test_type_checkers_see_the_public_names(install, request, tmp_path):
    environment = request.getfixturevalue(install)
    (tmp_path / "snippet.py").write_text(TYPED)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", "mypy", "--config-file=", "--follow-imports=silent"]
    command += [f"--python-executable={python}", "snippet.py"]
    command += ["--cache-dir", ROOT / ".mypy_cache"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=ELSEWHERE)
    found = re.findall(r"^snippet.py:(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    wanted = [line.partition("  # ")[2] for line in TYPED.splitlines()]
    assert found == [(str(n), code) for n, code in enumerate(wanted, 1) if code], done.stdout
