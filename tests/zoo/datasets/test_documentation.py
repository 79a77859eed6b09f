"""The examples in the docstrings of zoo/datasets/ run as they are printed."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

from classwise.zoo import datasets

MODULES = sorted(module.name for module in pkgutil.iter_modules(datasets.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(f"{datasets.__name__}.{name}")).failed == 0


def test_importing_data_sets_is_light():
    code = (
        "import sys, classwise.zoo.datasets\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'PIL', 'matplotlib', 'sklearn'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
