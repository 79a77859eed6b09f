"""The numbers that a training computes in; a finished hasher computes in float32."""

import contextlib
from collections.abc import Iterator

import keras

from classwise.zoo.models.hasher import Hasher


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Gives layers that are built inside the block the Keras dtype policy `name`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def in_float32(hasher: Hasher) -> Hasher:
    """Returns a copy of a hasher that computes in float32, without optimizer or teacher."""

    def clone(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    with dtype_policy("float32"):
        backbone = keras.models.clone_model(hasher.backbone, clone_function=clone)
        copy = Hasher(backbone, **hasher.settings)
    copy.set_weights(hasher.get_weights())
    return copy
