"""SavedModel folders in TensorFlow, with every signature that they have."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from classwise.export.proof.runtimes.model import Model, Signature, Tensor, axis, unreadable_model
from classwise.zoo.foundation.quiet import start_tensorflow


def open_saved_model(path: Path) -> Model:
    """Opens a SavedModel folder; raises `InputError` if TensorFlow can't load it."""
    start_tensorflow()

    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # OSError, tf.errors.OpError, DecodeError, ... by what is broken
        raise unreadable_model(path, "a SavedModel that TensorFlow can load", error) from error

    def tensor(spec) -> Tensor:
        sizes = [axis(size, position == 0) for position, size in enumerate(spec.shape)]
        return Tensor(spec.dtype.name, tuple(sizes))

    def signature(name: str) -> Signature:
        function = loaded.signatures[name]
        inputs = {k: tensor(v) for k, v in function.structured_input_signature[1].items()}
        outputs = {k: tensor(v) for k, v in function.structured_outputs.items()}

        def run(images: np.ndarray) -> dict[str, np.ndarray]:
            # Through `loaded`, so that it lives as long as this: it owns the variables.
            results = loaded.signatures[name](**{next(iter(inputs)): tf.constant(images)})
            return {key: value.numpy() for key, value in results.items()}

        return Signature(name, inputs, outputs, run)

    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    signatures = [signature(name) for name in loaded.signatures]
    return Model(str(path), f"TensorFlow {tf.__version__}", signatures, size)
