"""What every exported graph looks like: uint8 images in, embedding and packed code out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from classwise.export.graph.class_scores import check_scores, class_scores
from classwise.export.graph.float32 import in_float32
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.number_ranges import BATCH_SIZES

if TYPE_CHECKING:
    import keras

    from classwise.zoo import Hasher

INPUT = "images"
OUTPUTS = ("embedding", "code")
ALL_OUTPUTS = (*OUTPUTS, "scores")
BATCH = "batch"
BIT_ORDER = (
    "bit k is 1 where embedding k > 0; it is bit 7 - k % 8 of byte k // 8 (numpy.packbits, "
    "big-endian); the last byte is padded with zeros"
)


def build_graph(
    hasher: Hasher, batch: int | None = None, outputs: Iterable[str] = OUTPUTS
) -> keras.Model:
    """Builds the functional Keras model that is exported, in float32.

    It shares the weights of a hasher that computes in float32, and copies those of another.

    Args:
        hasher: the model; it is not changed.
        batch: fixed number of images, or None (the default) for any number.
        outputs: which of "embedding" (float32 `[batch, L]`) and "code" (uint8
            `[batch, ceil(L / 8)]`) it returns, as a dictionary, and whether "scores" (float32
            `[batch, C]`, see `class_scores`). Defaults to the first two.

    Raises:
        InputError: an unknown output or none, scores of a hasher without a class-wise loss, a
            batch below 1, or Keras on another backend than TensorFlow.
    """
    import keras

    outputs = check_outputs(outputs)
    if "scores" in outputs:
        check_scores(hasher)
    if batch is not None and batch not in BATCH_SIZES:
        raise InputError(f"batch is {batch!r}; it must be {BATCH_SIZES}, or None for any.")
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"Keras runs on {keras.backend.backend()!r}, and exports need 'tensorflow': save the "
            "hasher, then load and export it in a process started with KERAS_BACKEND=tensorflow."
        )
    hasher = in_float32(hasher)
    images = keras.Input(hasher.image_shape, batch_size=batch, dtype="uint8", name=INPUT)
    embedding = keras.ops.cast(hasher(images, training=False), "float32")
    tensors = {"embedding": embedding, "code": pack_bits(embedding)}
    if "scores" in outputs:
        tensors["scores"] = class_scores(hasher, embedding)
    return keras.Model(images, {name: tensors[name] for name in outputs}, name="classwise")


def check_outputs(outputs: Iterable[str]) -> tuple[str, ...]:
    """Returns the chosen outputs in the order of `ALL_OUTPUTS`, or raises `InputError`."""
    chosen = {outputs} if isinstance(outputs, str) else set(outputs)
    for name in sorted(chosen, key=str):
        if name not in ALL_OUTPUTS:
            raise unknown_name("output", name, ALL_OUTPUTS)
    if not chosen:
        raise InputError("outputs is empty; choose 'embedding', 'code', 'scores' or several.")
    return tuple(name for name in ALL_OUTPUTS if name in chosen)


def code_bytes(code_length: int) -> int:
    """Returns the bytes of a packed code, ceil(L / 8)."""
    return -(-code_length // 8)


def pack_bits(embedding):
    """Computes packed codes in the graph, equal to `zoo.codes.pack_codes`.

    Every byte is the product of eight bits, 0 or 1, with [128, 64, ..., 1]. The float32 sum is
    exact, and every runtime has the operators, which is not true of integer bit shifts.

    Args:
        embedding: float32 `[N, L]`, a symbolic or eager tensor.

    Returns:
        uint8 `[N, ceil(L / 8)]`.
    """
    import numpy as np
    from keras import ops

    length = embedding.shape[-1]
    bits = ops.cast(ops.greater(embedding, 0.0), "float32")
    if length % 8:
        bits = ops.pad(bits, ((0, 0), (0, -length % 8)))
    # Rank 2 throughout: TensorFlow turns a product of rank 3 into ten operators.
    weights = np.array([[128], [64], [32], [16], [8], [4], [2], [1]], "float32")
    packed = ops.matmul(ops.reshape(bits, (-1, 8)), weights)
    return ops.cast(ops.reshape(packed, (-1, code_bytes(length))), "uint8")
