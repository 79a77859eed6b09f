"""Weights of a preset in a safetensors file: names and numbers, nothing that could be executed."""

import os
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file


def write_weights(
    path: str | os.PathLike, weights: dict[str, np.ndarray], kernels: type = np.float16
) -> None:
    """Writes arrays by name, in the types of `as_stored`; the same weights give the same bytes.

    Raises:
        InputError: a weight is not finite, or too large for float16.
    """
    from safetensors.numpy import save

    stored = as_stored(weights, kernels)
    for name, weight in stored.items():
        if not np.isfinite(weight).all():
            raise InputError(f"{name} has a weight that {weight.dtype} cannot hold.")
    with replacing_file(path) as temporary:
        temporary.write_bytes(save(stored))


def as_stored(weights: dict[str, np.ndarray], kernels: type = np.float16) -> dict[str, np.ndarray]:
    """Returns kernels in the given type, everything one-dimensional as float32.

    Half precision halves a file, and changes about one bit of a code in ten thousand. Biases,
    batch statistics and whatever else is one-dimensional is small, and its range can be large.
    """
    return {
        name: np.ascontiguousarray(weight, np.float32 if weight.ndim < 2 else kernels)
        for name, weight in weights.items()
    }


def read_weights(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads the arrays that `write_weights` wrote, as float32.

    Raises:
        InputError: the file is of another kind, cut or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: array.astype(np.float32) for name, array in load_file(path).items()}
    except (SafetensorError, OSError, KeyError) as error:
        raise InputError(f"{Path(path).name} is not a file of weights: {error}.") from error


def variables_by_path(model) -> dict:
    """Returns the variables of a Keras model by their path, such as `stem_conv/kernel`."""
    return {variable.path: variable for variable in model.variables}


def named_weights(variables: dict) -> dict[str, np.ndarray]:
    """Returns the values of named Keras variables."""
    from keras import ops

    return {name: ops.convert_to_numpy(variable) for name, variable in variables.items()}


def same_weights(one, other) -> bool:
    """Returns whether two Keras models have the same weights, whatever their names."""
    mine, theirs = one.get_weights(), other.get_weights()
    return len(mine) == len(theirs) and all(map(np.array_equal, mine, theirs))


def assign_weights(variables: dict, weights: dict[str, np.ndarray], source: str) -> None:
    """Sets every variable to the weight of its name.

    Raises:
        InputError: a name or a shape of `weights` is not that of the variables.
    """
    for name in variables.keys() ^ weights.keys():
        where = "lacks" if name in variables else "has an unknown"
        raise InputError(f"{source} {where} weight {name}; it belongs to another model.")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise InputError(
                f"{source}: {name} has shape {weights[name].shape}, not {tuple(variable.shape)}."
            )
        variable.assign(weights[name])
