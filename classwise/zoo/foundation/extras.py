"""Packages that only an extra of classwise installs, imported with the remedy at hand."""

import importlib
import importlib.util
import shlex
from types import ModuleType

from classwise.zoo.foundation.errors import InputError


def require(module: str, extra: str = "onnx") -> ModuleType:
    """Imports an optional module.

    Args:
        module: its full name.
        extra: the extra that installs it. Defaults to "onnx".

    Raises:
        InputError: it is not installed; the message names the pip command.

    Example:

    >>> require("json").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _missing(module, extra, error) from error


def look_for(module: str, extra: str = "onnx") -> None:
    """Raises `InputError` as `require` does, without the time that an import takes.

    Args:
        module: its full name.
        extra: the extra that installs it. Defaults to "onnx".
    """
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError) as error:  # ValueError: a module that was put there by hand
        raise _missing(module, extra, error) from error
    if found is None:
        raise _missing(module, extra, f"No module named '{module}'")


def _missing(module: str, extra: str, why: object) -> InputError:
    return InputError(
        f"This needs the package {module.split('.')[0]}, which cannot be imported ({why}); install "
        f"it with: {pip_command(extra)}"
    )


def pip_command(extra: str) -> str:
    """Returns the command that installs the packages of an extra, wherever classwise came from.

    Example:

    >>> pip_command("openvino")
    "pip install 'openvino>=2025.0'"
    """
    from importlib.metadata import requires  # imports sockets: not for --help

    marked = (line.partition(";") for line in requires("classwise") or ())
    wanted = [package.strip() for package, _, marker in marked if f'"{extra}"' in marker]
    return shlex.join(["pip", "install", *wanted])
