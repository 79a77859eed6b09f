"""Reading of `.keras` files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.quiet import start_tensorflow

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher


def load_file(path: str | os.PathLike) -> Hasher:
    """Loads a hasher from a `.keras` file; nothing in the file is executed.

    Raises:
        InputError: no such file, another kind of file, or one that is cut or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no model file {path}.")
    start_tensorflow()

    import keras

    # Everything of classwise's that a file may name is registered by being imported.
    import classwise.zoo.backbones
    import classwise.zoo.models.feature_hasher
    import classwise.zoo.models.muon
    import classwise.zoo.models.student  # noqa: F401
    from classwise.zoo.models.hasher import Hasher

    try:
        model = keras.saving.load_model(path, compile=True, safe_mode=True)
    except Exception as error:  # Keras lets errors of zip, JSON, HDF5 and its own through
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{path} is not a readable .keras file: {reason[:200]}") from error
    if not isinstance(model, Hasher):
        raise InputError(
            f"{path} holds a {type(model).__name__}, not a classwise Hasher; wrap a backbone with "
            "zoo.Hasher(backbone, code_length, num_classes) and train it."
        )
    return model
