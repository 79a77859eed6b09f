"""What the command line does before a command: help, typos, and starting fast."""

import subprocess
import sys

import pytest

from classwise.zoo.commands import COMMANDS


def imported_by(code):
    """Returns the modules that a fresh Python has imported after `code`."""
    code += "; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_help_imports_nothing_heavy():
    modules = imported_by("from classwise.zoo.commands import build_parser; build_parser()")
    heavy = {"tensorflow", "keras", "numpy", "matplotlib", "onnx", "sklearn", "faiss", "rich"}
    assert not modules & heavy


def test_losses_import_no_data_sets_exports_or_plots():
    heavy = {"tensorflow_datasets", "onnx", "onnxruntime", "matplotlib", "faiss", "sklearn"}
    # Keras itself imports matplotlib where it is installed.
    modules = imported_by("import classwise.losses") - imported_by("import keras")
    assert not modules & heavy


def test_help_lists_every_command(classwise):
    status, out, _ = classwise("--help")
    assert status == 0
    for command in COMMANDS:
        assert f"  {command} " in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(classwise, command):
    status, out, _ = classwise(command, "--help")
    assert status == 0
    assert f"usage: classwise {command}" in out


def test_version(classwise):
    from importlib.metadata import version

    assert classwise("--version")[:2] == (0, f"classwise {version('classwise')}\n")


def test_typo(classwise):
    status, out, err = classwise("evaluat", "x")
    assert (status, out) == (2, "")
    assert "unknown command 'evaluat'; did you mean 'evaluate'?" in err
    assert err.count("\n") == 1


def test_no_command(classwise):
    assert classwise()[0] == 2


def test_missing_argument_and_unknown_flag(classwise):
    assert classwise("info")[0] == 2
    status, _, err = classwise("list", "--jsno")
    assert status == 2
    assert "--jsno" in err
