"""Export to TensorFlow's SavedModel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.graph.signature import INPUT, OUTPUTS, build_graph
from classwise.export.proof.report import ExportReport
from classwise.export.proof.verification import verify as verify_export
from classwise.zoo.foundation.files import replacing_directory
from classwise.zoo.foundation.new_folder import check_new_folder
from classwise.zoo.foundation.quiet import quiet

if TYPE_CHECKING:
    import os

    import keras
    import numpy as np

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
        overwrite: whether to replace a folder that is not, once the new one is proven. Defaults to
            False.
        images: uint8 images to verify with. Defaults to `verify`'s own.
        verify: whether to compare the folder with Keras. Defaults to True.

    Raises:
        InputError: `path` is a file, or a folder that holds something; Keras runs on another
            backend.
        ParityError: the SavedModel computes something else than Keras; nothing is written.
        OSError: the folder cannot be written; nothing is left behind.
    """
    path = Path(path)
    remedy = "replace all of it with overwrite=True (--force)"
    check_new_folder(path, "a SavedModel", "mine_saved_model", overwrite, remedy)
    graph = build_graph(hasher)
    with replacing_directory(path) as temporary:
        write_signatures(graph, temporary)
        parity = verify_export(hasher, temporary, images) if verify else None
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return ExportReport(path, "saved_model", size, parity)


def write_signatures(graph: keras.Model, folder: Path) -> None:
    """Writes the graph's signatures; raises `OSError` if TensorFlow can't write."""
    import keras
    import tensorflow as tf

    image = graph.inputs[0]
    specification = [tf.TensorSpec(image.shape, image.dtype, INPUT)]

    def endpoint(outputs):
        def run(images):
            tensors = graph(images, training=False)
            return {output: tensors[output] for output in outputs}

        return run

    # The archive finds the variables that the endpoints use. Tracking the whole model would write
    # them twice, and the class centres too.
    archive = keras.export.ExportArchive()
    for name, outputs in SIGNATURES.items():
        archive.add_endpoint(name, endpoint(outputs), specification)
    try:
        with quiet():
            archive.write_out(str(folder), verbose=False)
    except tf.errors.OpError as error:
        raise OSError(f"TensorFlow cannot write the SavedModel: {error.message}") from error
