"""Proof that an exported file computes what the hasher computes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.parity import MARGIN, TOLERANCE, Parity, ParityError, measure_parity
from classwise.export.probe_images import probe_images
from classwise.export.runtimes import Signature, Tensor, open_exported
from classwise.export.signature import BATCH, INPUT, OUTPUTS, code_bytes
from classwise.zoo.errors import InputError

if TYPE_CHECKING:
    import os

    from classwise.zoo import Hasher

KERAS_BATCH = 256


def verify(
    hasher: Hasher,
    path: str | os.PathLike,
    images: np.ndarray | None = None,
    *,
    batch_sizes: Sequence[int] = (1, 7),
    tolerance: float = TOLERANCE,
    margin: float = MARGIN,
) -> Parity:
    """Compares an exported file with the hasher: names, shapes, types, embedding, every bit.

    ONNX files run in ONNX Runtime, SavedModels in TensorFlow with every signature that they have.
    The bits that count as right are numpy.packbits of Keras's embedding.

    Args:
        hasher: the model that was exported.
        path: ONNX file or SavedModel folder.
        images: uint8 `[N, H, W, C]`. Defaults to 24 made images, two of them black and white.
        batch_sizes: the images are cut into batches of these sizes in turn. A file with a fixed
            batch is run at its own size. Defaults to (1, 7).
        tolerance: largest |difference| of embeddings, times the largest |embedding| where that
            is above 1. Defaults to 1e-4.
        margin: a flipped bit is forgiven where |embedding| is below it. Defaults to 1e-5.

    Raises:
        ParityError: the file differs; its message and its `parity` hold the figures.
        InputError: the file is missing, damaged or not an export; the images are of another kind.
    """
    if images is None:
        images = probe_images(hasher.image_shape)
    check_probe(images, hasher.image_shape)
    if not batch_sizes or min(batch_sizes) < 1:
        raise InputError(f"batch_sizes is {batch_sizes!r}; give sizes from 1 on, such as (1, 7).")
    signatures = open_exported(path)
    batch = check_signatures(signatures, hasher, path)
    if batch != BATCH:
        batch_sizes = (batch,)
        images = np.resize(images, (-(-len(images) // batch) * batch, *images.shape[1:]))

    reference = keras_embeddings(hasher, images)
    found: dict[str, list[np.ndarray]] = {name: [] for name in OUTPUTS}
    for signature in signatures:
        results = [run_batch(signature, part) for part in cut(images, batch_sizes)]
        for name in signature.outputs:
            found[name].append(np.concatenate([result[name] for result in results]))
    parity = measure_parity(
        reference,
        found["embedding"],
        found["code"],
        batch_sizes=sorted({len(part) for part in cut(images, batch_sizes)}),
        tolerance=tolerance,
        margin=margin,
    )
    if not parity.passed:
        raise ParityError(f"The exported file differs from the hasher: {parity}.", parity)
    return parity


def check_probe(images: np.ndarray, image_shape: tuple[int, int, int]) -> None:
    """Raises `InputError` unless images are uint8 `[N, *image_shape]` with N >= 1."""
    shape, dtype = getattr(images, "shape", None), getattr(images, "dtype", None)
    if dtype != np.uint8 or shape is None or shape[1:] != tuple(image_shape) or not len(images):
        raise InputError(
            f"The images to verify with are {dtype} {shape}; they must be a uint8 array "
            f"[N, {', '.join(map(str, image_shape))}] with N of 1 or more."
        )


def check_signatures(signatures: list[Signature], hasher: Hasher, path) -> int | str:
    """Returns the batch axis, a size or "batch", that all signatures share.

    Raises:
        InputError: the file has other inputs and outputs than a hasher.
        ParityError: it is a hasher's, but of other shapes or types.
    """
    shapes = {
        INPUT: ("uint8", hasher.image_shape),
        "embedding": ("float32", (hasher.code_length,)),
        "code": ("uint8", (code_bytes(hasher.code_length),)),
    }
    for signature in signatures:
        inputs, outputs = set(signature.inputs), set(signature.outputs)
        if inputs != {INPUT} or not outputs or not outputs <= set(OUTPUTS):
            raise InputError(
                f"{path} takes {sorted(inputs)} and gives {sorted(outputs)}; a hasher exported by "
                f"classwise takes ['{INPUT}'] and gives {sorted(OUTPUTS)} or one of them."
            )
    if not signatures:
        raise InputError(f"{path} has no signature to call; export it with classwise.")
    batch = signatures[0].inputs[INPUT].shape[0]
    for signature in signatures:
        for name, tensor in (signature.inputs | signature.outputs).items():
            dtype, shape = shapes[name]
            expected = Tensor(dtype, (batch if type(batch) is int else BATCH, *shape))
            if tensor != expected:
                raise ParityError(
                    f"The exported file differs from the hasher: {name} is {tensor}, "
                    f"not {expected}."
                )
    return batch


def run_batch(signature: Signature, images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the outputs for one batch, or raises `ParityError` if there is not one an image."""
    try:
        results = signature.run(images)
    except Exception as error:  # each runtime has its own
        reason = str(error).strip().split("\n")[0][:200]
        raise ParityError(
            f"The exported file fails on a batch of {len(images)} images ({reason})."
        ) from error
    for name, array in results.items():
        if len(array) != len(images):
            raise ParityError(
                f"The exported file gives {len(array)} of {name} for {len(images)} images."
            )
    return results


def keras_embeddings(hasher: Hasher, images: np.ndarray) -> np.ndarray:
    """Computes the embeddings with Keras, on whichever backend runs."""
    from keras import ops

    parts = cut(images, (KERAS_BATCH,))
    return np.concatenate(
        [ops.convert_to_numpy(hasher(part, training=False)).astype("float32") for part in parts]
    )


def cut(images: np.ndarray, batch_sizes: Sequence[int]) -> Iterator[np.ndarray]:
    """Yields the images in batches of the given sizes in turn; the last may be smaller.

    Example:

    >>> [len(part) for part in cut(np.zeros(12), (1, 7))]
    [1, 7, 1, 3]
    """
    start = 0
    for size in itertools.cycle(batch_sizes):
        if start >= len(images):
            return
        yield images[start : start + size]
        start += size
