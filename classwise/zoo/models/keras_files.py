"""Reading of hashers that Keras saved: `.keras` files, and folders of their parts."""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow
from classwise.zoo.models.keras_parts import read_config, unreadable_model

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher


# What Keras says of a class or function that a file names, and that it doesn't find.
UNKNOWN = re.compile(
    r"Could not locate (?P<kind>class|function) '(?P<name>[^']*)'"
    r"(?:.*?Full object config: {'module': '(?P<module>[^']*)')?",
    re.DOTALL,
)


def load_file(path: str | os.PathLike) -> Hasher:
    """Loads a hasher from a `.keras` file, or from a folder of the files that are in one.

    Nothing in it is executed, and what is damaged is refused before TensorFlow starts. Classes of
    the user's own that it names are those of modules which are imported.

    Raises:
        InputError: no such file, another kind of file, one that is cut or damaged, or one with
            layers of a module that is not imported.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"There is no model file {path}.")
    if not path.is_dir() and path.suffix != ".keras":
        raise InputError(f"{path} is no .keras file; Keras models of other formats are not opened.")
    read_config(path)
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
            with warnings.catch_warnings():
                # Two variables are those of an optimizer that never took a step.
                message = "Skipping variable loading for optimizer .* saved optimizer has 2 var"
                warnings.filterwarnings("ignore", message=message)
                return keras.saving.load_model(path, own, compile=True, safe_mode=True)
        except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own through
            unknown = UNKNOWN.search(str(error))
            found = unknown and imported_class(unknown["module"], unknown["name"])
            if found and unknown["name"] not in own:
                own[unknown["name"]] = found
                continue
            if unknown:
                raise InputError(f"{path} {_unknown(**unknown.groupdict())}") from error
            raise unreadable_model(path, error) from error


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
