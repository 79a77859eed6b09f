"""Proof that two models compute the same, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from classwise.export.formats.open_model import open_model
from classwise.export.proof.parity import MARGIN, TOLERANCE, Parity
from classwise.export.proof.verification import check_equal

if TYPE_CHECKING:
    import os

    import numpy as np

    from classwise.zoo import Hasher
    from classwise.zoo.datasets.labeled_images import ImageSource


def verify(
    first: Hasher | str | os.PathLike,
    second: Hasher | str | os.PathLike,
    images: np.ndarray | ImageSource | None = None,
    *,
    batch_sizes: Sequence[int] = (1, 7),
    tolerance: float = TOLERANCE,
    margin: float = MARGIN,
) -> Parity:
    """Compares two models: names, shapes, types, embedding, every bit.

    Each is a `Hasher`, a preset's name, a `.keras`, `.onnx` or `.tflite` file, a SavedModel
    folder, `openvino:FILE.onnx` or `cuda:FILE.onnx`; a SavedModel is compared with every signature
    that it has.
    Where a model gives no code, numpy.packbits of its embedding counts.

    Args:
        first: the model that counts as right.
        second: the model to compare with it.
        images: uint8 `[N, H, W, C]`, or such as `FolderImages`, which decode on access.
            Defaults to 24 made images, two of them black and white.
        batch_sizes: the images are cut into batches of these sizes in turn. A file with a fixed
            batch is run at its own size. Defaults to (1, 7).
        tolerance: largest |difference| of embeddings, times the largest |embedding| where that
            is above 1. Defaults to 1e-4.
        margin: a flipped bit is forgiven where |embedding| is below it. Defaults to 1e-5.

    Raises:
        ParityError: they differ; its message and its `parity` hold the figures.
        InputError: a file is missing, damaged or not an export; the images are of another kind.
    """
    return check_equal(
        open_model(first),
        open_model(second),
        images,
        batch_sizes=batch_sizes,
        tolerance=tolerance,
        margin=margin,
    )
