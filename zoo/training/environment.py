"""What a training runs on: the kind of processor, and the packages' versions."""

from importlib.metadata import version

import keras
from keras import ops

PACKAGES = ("classwise", "keras", "numpy")
# By what the names of devices hold, in TensorFlow, JAX and PyTorch.
KINDS = {"gpu": "gpu", "cuda": "gpu", "rocm": "gpu", "mps": "gpu", "xpu": "gpu", "tpu": "tpu"}


def versions() -> dict[str, str]:
    """Returns the versions of classwise, Keras, NumPy and what Keras runs on."""
    return {package: version(package) for package in (*PACKAGES, keras.backend.backend())}


def device_kind() -> str:
    """Returns `"gpu"`, `"tpu"` or `"cpu"`: where the backend puts new tensors."""
    return kind_of(str(ops.zeros(()).device))


def kind_of(device: str) -> str:
    """Returns the kind of a device, given its name.

    Example:

    >>> kind_of("/job:localhost/replica:0/task:0/device:GPU:0"), kind_of("cuda:0"), kind_of("cpu")
    ('gpu', 'gpu', 'cpu')
    """
    return next((kind for mark, kind in KINDS.items() if mark in device.lower()), "cpu")
