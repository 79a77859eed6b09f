"""TensorFlow's SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.formats.format import Format
from classwise.export.graph.model import Model, Signature, Tensor, axis, unreadable_model
from classwise.export.graph.signature import INPUT, OUTPUTS, build_graph
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.quiet import quiet, start_tensorflow

if TYPE_CHECKING:
    import argparse
    import os

    import keras
    import numpy as np

    from classwise.export.formats.report import ExportReport
    from classwise.zoo import Hasher

SIGNATURES = {"serving_default": OUTPUTS, "embed": ("embedding",), "hash": ("code",)}


def to_saved_model(
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    images: np.ndarray | None = None,
    verify: bool = True,
) -> ExportReport:
    """Writes a hasher as a SavedModel folder, after TensorFlow gave the same bits as Keras.

    It has the signatures `serving_default` (`embedding` and `code`), `embed` (`embedding`) and
    `hash` (`code`), each of `images`, and loads with `tf.saved_model.load` where neither
    classwise nor Keras is installed.

    Args:
        hasher: the model; Keras must run on TensorFlow.
        path: the folder to write; it may exist if it is empty.
        overwrite: whether to replace a folder that classwise wrote, once the new one is proven.
            Defaults to False.
        images: uint8 images to verify with. Defaults to `verify`'s own.
        verify: whether to compare the folder with Keras. Defaults to True.

    Raises:
        InputError: `path` is a file, or a folder that holds something; Keras runs on another
            backend.
        ParityError: the SavedModel computes something else than Keras; nothing is written.
        OSError: the folder cannot be written; nothing is left behind.
    """
    from classwise.export.formats.report import ExportReport
    from classwise.export.proof.verification import prove

    path = Path(path)
    remedy = "replace what classwise wrote with overwrite=True (--force)"
    check_new_folder(path, "a SavedModel", "mine_saved_model", overwrite, remedy)
    graph = build_graph(hasher)
    with replacing_folder(path, "a SavedModel") as temporary:
        write_signatures(graph, temporary)
        parity = prove(hasher, open_saved_model(temporary), images) if verify else None
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return ExportReport(path, "saved_model", size, parity)


def write_signatures(graph: keras.Model, folder: Path) -> None:
    """Writes the graph's signatures; raises `OSError` if TensorFlow can't write."""
    import keras
    import tensorflow as tf

    image = graph.inputs[0]
    specification = [tf.TensorSpec(image.shape, image.dtype, INPUT)]

    def endpoint(outputs: Sequence[str]) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
        def run(images: tf.Tensor) -> dict[str, tf.Tensor]:
            tensors = graph(images, training=False)
            return {output: tensors[output] for output in outputs}

        return run

    # The archive finds the variables that the endpoints use. Tracking the whole model would write
    # them twice, and the class centers too.
    archive = keras.export.ExportArchive()
    for name, outputs in SIGNATURES.items():
        archive.add_endpoint(name, endpoint(outputs), specification)
    try:
        with quiet():
            archive.write_out(str(folder), verbose=False)
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow cannot write the SavedModel: {error.message}") from error


def open_saved_model(path: Path) -> Model:
    """Opens a SavedModel folder; raises `InputError` if TensorFlow can't load it."""
    start_tensorflow()

    import tensorflow as tf

    try:
        loaded = tf.saved_model.load(str(path))
    except Exception as error:  # OSError, tf.errors.OpError, DecodeError, ... by what is broken
        raise unreadable_model(path, "a SavedModel that TensorFlow can load", error) from error

    def tensor(spec: tf.TensorSpec) -> Tensor:
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


def arguments(options: argparse.Namespace) -> dict[str, object]:
    """Returns the arguments of `to_saved_model` that the command's options ask for."""
    return {"overwrite": options.force}


FORMAT = Format(
    name="saved_model",
    title="SavedModel",
    ending="_saved_model",
    runtime="TensorFlow",
    extra=None,
    use="TensorFlow and its servers",
    write=to_saved_model,
    open=open_saved_model,
    arguments=arguments,
    marker="saved_model.pb",
)
