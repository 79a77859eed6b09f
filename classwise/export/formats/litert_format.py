"""LiteRT, once called TensorFlow Lite."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.formats.format import OUTPUTS_OPTION, Format
from classwise.export.graph.model import Model, Signature, Tensor, axis, unreadable_model
from classwise.export.graph.signature import OUTPUTS, build_graph
from classwise.export.onnx.layer_paths import layer_names, layer_path
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.quiet import collected_stderr, quiet

if TYPE_CHECKING:
    import keras
    import numpy as np

    from classwise.export.formats.report import ExportReport
    from classwise.zoo import Hasher

# How the converter says where an operator stands: its name, then the path that TensorFlow gave it.
PLACE = re.compile(r'fused\["(?P<operator>\w+):", "(?P<path>[^"@]+)[^"]*"\]')


def to_litert(
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    outputs: Iterable[str] = OUTPUTS,
    images: np.ndarray | None = None,
    verify: bool = True,
) -> ExportReport:
    """Writes a hasher as a `.tflite` file, after LiteRT gave the same bits as Keras.

    It has one signature, `serving_default`, from `images` to `embedding` and `code`, as the ONNX
    file has; the number of images may change from call to call.

    Args:
        hasher: the model; Keras must run on TensorFlow.
        path: the file to write, ending in `.tflite`; one that exists is replaced.
        outputs: as in `to_onnx`.
        images: uint8 images to verify with. Defaults to `verify`'s own.
        verify: whether to compare the file with Keras. Defaults to True.

    Raises:
        InputError: an argument is wrong, a package is missing, or an operator has no LiteRT form.
        ParityError: LiteRT computes something else than Keras; nothing is written.
        OSError: the file cannot be written; nothing is left behind.
    """
    from classwise.export.formats.report import ExportReport
    from classwise.export.proof.verification import prove

    path = Path(path)
    if path.suffix != ".tflite" or path.is_dir():
        raise InputError(f"{path} must name a file that ends in .tflite, such as mine.tflite.")
    if verify:
        require("ai_edge_litert.interpreter", "litert")
    graph = build_graph(hasher, outputs=outputs)
    with replacing_file(path) as temporary:
        write(graph, temporary)
        parity = prove(hasher, open_litert(temporary), images) if verify else None
    return ExportReport(path, "litert", path.stat().st_size, parity)


def write(graph: keras.Model, path: Path) -> None:
    """Writes the graph.

    Raises:
        InputError: an operator that LiteRT has not; the message names it and its layer.
        OSError: the file, or what TensorFlow writes on the way, cannot be written.
    """
    import tensorflow as tf

    try:
        with collected_stderr() as said, quiet():
            graph.export(
                str(path),
                format="litert",
                verbose=False,
                # Not those of TensorFlow, which LiteRT has only where TensorFlow is.
                target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
            )
    except OSError:
        raise
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow cannot write the LiteRT file: {error.message}") from error
    except Exception as error:  # the converter's own, RuntimeError, ValueError
        raise InputError(
            f"{refusal(str(error), layer_names(graph))}; replace the layer, or do its work before "
            "the images enter."
        ) from error
    for line in said:  # what is said of a refusal is in its message
        os.write(2, line)


def refusal(message: str, layers: set[str]) -> str:
    """Returns in one clause what the converter's message refuses."""
    place = PLACE.search(message)
    if place and (layer := layer_path(place["path"], layers)):
        operator = place["operator"]
        return f"The layer {layer} uses the TensorFlow operator {operator}, which LiteRT lacks"
    lines = [line for line in message.splitlines() if "op" in line] or [message]
    return f"This model cannot be converted to LiteRT ({lines[0].strip()[:300]})"


def open_litert(path: Path) -> Model:
    """Opens a `.tflite` file; raises `InputError` if LiteRT can't load it."""
    from importlib.metadata import version  # imports sockets: not for --help

    import numpy as np

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


FORMAT = Format(
    name="litert",
    title="LiteRT",
    ending=".tflite",
    runtime="LiteRT",
    extra="litert",
    use="phones and small devices",
    write=to_litert,
    open=open_litert,
    options=(OUTPUTS_OPTION,),
    packages=("ai_edge_litert",),
)
