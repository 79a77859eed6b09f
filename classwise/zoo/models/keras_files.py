"""Reading of `.keras` files."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher


# What Keras says of a class or function that a file names, and that it doesn't find.
UNKNOWN = re.compile(
    r"Could not locate (?P<kind>class|function) '(?P<name>[^']*)'"
    r"(?:.*?Full object config: {'module': '(?P<module>[^']*)')?",
    re.DOTALL,
)


def load_file(path: str | os.PathLike) -> Hasher:
    """Loads a hasher from a `.keras` file; nothing in the file is executed.

    Classes of the user's own that the file names are those of modules which are imported.

    Raises:
        InputError: no such file, another kind of file, one that is cut or damaged, or one with
            layers of a module that is not imported.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no model file {path}.")
    start_tensorflow()

    from classwise.zoo.models.hasher import Hasher

    model = load_model(path)
    if not isinstance(model, Hasher):
        raise InputError(
            f"{path} holds a {type(model).__name__}, not a classwise Hasher; wrap a backbone with "
            "zoo.Hasher(backbone, code_length, num_classes) and train it."
        )
    return model


def load_model(path: Path):
    """Loads what a `.keras` file holds, with classes of imported modules, registered or not."""
    import keras

    own: dict[str, type] = {}
    while True:
        try:
            return keras.saving.load_model(path, own, compile=True, safe_mode=True)
        except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own through
            unknown = UNKNOWN.search(str(error))
            found = unknown and imported_class(unknown["module"], unknown["name"])
            if found and unknown["name"] not in own:
                own[unknown["name"]] = found
                continue
            raise InputError(
                f"{path} {_unknown(**unknown.groupdict())}"
                if unknown
                else f"{path} is not a readable .keras file: {_first_line(error)}"
            ) from error


def imported_class(module: str | None, name: str) -> type | None:
    """Returns a class of an imported module if it is one that Keras builds models of."""
    import keras

    kinds = (
        keras.Layer,
        keras.Loss,
        keras.Metric,
        keras.Optimizer,
        keras.Initializer,
        keras.Regularizer,
        keras.constraints.Constraint,
    )
    found = getattr(sys.modules.get(module or ""), name, None)
    return found if isinstance(found, type) and issubclass(found, kinds) else None


def _unknown(kind: str, name: str, module: str | None) -> str:
    known = module not in (None, "", "builtins", "__main__")
    remedy = (
        f"import {module} first (in a command: --import {module})"
        if known
        else "import the module that defines it first (in a command: --import MODULE)"
    )
    if kind == "function" and ">" not in name:
        remedy += ", and save the model with @keras.saving.register_keras_serializable() above it"
    return (
        f"holds the {kind} {name}{f' of the module {module}' if known else ''}, which is neither "
        f"Keras's nor classwise's; {remedy}."
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
