"""`.tflite` files in LiteRT, once called TensorFlow Lite."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import numpy as np

from classwise.export.proof.runtimes.model import Model, Signature, Tensor, axis, unreadable_model
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.quiet import quiet


def open_litert(path: Path) -> Model:
    """Opens a `.tflite` file; raises `InputError` if LiteRT can't load it."""
    interpreter_module = require("ai_edge_litert.interpreter", "litert")
    try:
        with quiet():
            interpreter = interpreter_module.Interpreter(str(path), num_threads=os.cpu_count())
            interpreter.allocate_tensors()
            names = list(interpreter.get_signature_list())
            runners = {name: interpreter.get_signature_runner(name) for name in names}
    except Exception as error:  # ValueError, RuntimeError, ... by what is broken
        raise unreadable_model(path, "a .tflite file that LiteRT can load", error) from error

    def tensors(details: dict[str, dict]) -> dict[str, Tensor]:
        return {
            name: Tensor(
                np.dtype(detail["dtype"]).name,
                tuple(axis(n, k == 0) for k, n in enumerate(detail["shape_signature"])),
            )
            for name, detail in details.items()
        }

    def signature(name: str) -> Signature:
        runner = runners[name]
        inputs, outputs = tensors(runner.get_input_details()), runner.get_output_details()

        def run(images: np.ndarray) -> dict[str, np.ndarray]:
            return runner(**{next(iter(inputs)): images})

        return Signature(name, inputs, tensors(outputs), run)

    engine = f"LiteRT {version('ai-edge-litert')}"
    return Model(str(path), engine, [signature(name) for name in names], path.stat().st_size)
