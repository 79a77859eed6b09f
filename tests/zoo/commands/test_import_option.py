"""`--import`: modules of the user's own, before a command opens a model."""

import sys

import pytest

from classwise.zoo.commands import WITH_IMPORT


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A function that writes a module into the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(name, code):
        (tmp_path / f"{name}.py").write_text(code)

    yield write
    for name in [name for name in sys.modules if name.startswith("option_")]:
        del sys.modules[name]


@pytest.mark.parametrize("command", WITH_IMPORT)
def test_commands_that_open_models_explain_it(classwise, command):
    assert "--import MODULE" in classwise(command, "--help")[1]


def test_modules_of_the_current_folder_are_imported(classwise, module):
    module("option_one", "ran = True")
    module("option_two", "import option_one")
    name = "dcwh_resnet9_fashion_mnist_16"
    assert classwise("info", name, "--import", "option_one", "--import", "option_two")[0] == 0
    assert sys.modules["option_two"].option_one.ran


BROKEN = {
    "option_missing": (None, "No module named 'option_missing'"),
    "option_broken": ("1 / 0", "ZeroDivisionError"),
    "option_syntax": ("def", "SyntaxError"),
    "option_file.py": ("", "No module named 'option_file.py'; 'option_file' is not a package"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_imported_is_one_sentence(classwise, module, name):
    code, message = BROKEN[name]
    if code is not None:
        module(name.removesuffix(".py"), code)
    status, out, err = classwise("info", "dcwh_resnet9_fashion_mnist_16", "--import", name)
    assert (status, out) == (2, "")
    assert err.startswith(f"classwise info: --import {name}: ")
    assert message in err
    assert err.count("\n") == 1
