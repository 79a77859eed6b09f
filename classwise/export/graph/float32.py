"""A hasher as it computes in float32, whatever policy it was built and trained under."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from classwise.zoo import Hasher

SHORT = ("float16", "bfloat16")


def in_float32(hasher: Hasher) -> Hasher:
    """Returns a hasher with the same weights, all of whose layers compute in float32.

    That is the hasher itself unless some layer computes in 16 bits, as under the policy
    `mixed_float16`. Such a layer is built anew, since what it keeps beside its weights, such as
    the constants of `Normalization`, may be rounded to 16 bits.

    Raises:
        InputError: a layer of the backbone cannot be built from its configuration, as loading a
            saved model needs too.
    """
    import keras

    if not any(computes_short(layer) for layer in hasher._flatten_layers()):
        return hasher
    policy = keras.config.dtype_policy()
    # For the layers that the hasher itself makes, whose policy no configuration holds.
    keras.config.set_dtype_policy("float32")
    try:
        twin = type(hasher).from_config(lengthened(hasher.get_config()))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "twin.weights.h5"
            hasher.save_weights(file)
            twin.load_weights(file)
    except (TypeError, ValueError, NotImplementedError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(
            f"The hasher computes in 16 bits, and cannot be built in float32 from its "
            f"configuration ({lines[0][:200]}); register its layers with "
            "keras.saving.register_keras_serializable, or build it under the policy float32."
        ) from error
    finally:
        keras.config.set_dtype_policy(policy)
    if getattr(hasher, "loss", None) is not None:
        twin.compile(loss=hasher.loss)
    return twin


def computes_short(layer) -> bool:
    """Returns whether a layer computes in 16 bits."""
    return layer.compute_dtype in SHORT


def lengthened(config):
    """Returns a configuration in which every policy of 16 bits is float32.

    Example:

    >>> lengthened({"dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}})
    {'dtype': 'float32'}
    >>> lengthened({"layers": [{"dtype": "bfloat16", "units": 3}]})
    {'layers': [{'dtype': 'float32', 'units': 3}]}
    """
    if isinstance(config, dict):
        return {
            key: "float32" if key == "dtype" and is_short(value) else lengthened(value)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(map(lengthened, config))
    return config


def is_short(policy) -> bool:
    """Returns whether a serialized policy computes in 16 bits."""
    if isinstance(policy, dict):
        policy = policy.get("config", {}).get("name")
    return isinstance(policy, str) and policy.removeprefix("mixed_") in SHORT
