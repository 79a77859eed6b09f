"""Packages that only the `[onnx]` extra installs, imported with the remedy at hand."""

import importlib
from types import ModuleType

from classwise.zoo.errors import InputError


def require(module: str) -> ModuleType:
    """Imports an optional module.

    Raises:
        InputError: it is not installed; the message names the pip command.

    Example:

    >>> require("json").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"ONNX files need the package {module.split('.')[0]}, which cannot be imported "
            f'({error}); install it with: pip install "classwise[onnx]"'
        ) from error
