"""What a training runs on: backend, processor, and the packages' versions."""

import os
from importlib.metadata import version

import keras
from keras import ops

PACKAGES = ("classwise", "keras", "numpy")
# By what the names of devices hold, in TensorFlow, JAX and PyTorch.
KINDS = {"cpu": "cpu", "gpu": "gpu", "cuda": "gpu", "rocm": "gpu", "mps": "gpu", "tpu": "tpu"}


def versions(backend: str | None = None) -> dict[str, str]:
    """Returns the versions of classwise, Keras, NumPy and a backend; default: the present one."""
    packages = (*PACKAGES, backend or keras.backend.backend())
    return {package: version(package) for package in packages}


def machine() -> dict:
    """Returns Keras's backend, the kind of device it computes on, and of a CPU the cores."""
    device = device_kind()
    cores = {"cores": os.cpu_count()} if device == "cpu" else {}
    return {"backend": keras.backend.backend(), "device": device, **cores}


def device_kind() -> str:
    """Returns the kind of device, such as `"gpu"`, where the backend puts new tensors."""
    return kind_of(str(ops.zeros(()).device))


def kind_of(device: str) -> str:
    """Returns the kind of a device, given its name; the name itself if it is of no known kind.

    Example:

    >>> kind_of("/job:localhost/replica:0/task:0/device:GPU:0"), kind_of("cuda:0"), kind_of("hpu:0")
    ('gpu', 'gpu', 'hpu:0')
    """
    return next((kind for mark, kind in KINDS.items() if mark in device.lower()), device)
