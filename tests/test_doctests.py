"""Runs the examples in docstrings."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import classwise.export
import classwise.losses
import classwise.zoo
import tools.publish

# Needs a package that only the conversion does.
PROGRAMS = ("convert_efficientnet_lite",)


def modules():
    for room in (classwise.losses, classwise.zoo, classwise.export, tools.publish):
        yield room.__name__
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith(PROGRAMS):
                yield module.name


@pytest.mark.parametrize("name", modules())
def test_examples(name):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testmod(import_module(name), optionflags=flags).failed == 0
