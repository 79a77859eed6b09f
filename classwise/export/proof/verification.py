"""Proof that two models compute the same, such as a hasher and the file exported from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.export.graph.model import Model, Signature
from classwise.export.proof.parity import MARGIN, TOLERANCE, Parity, ParityError, measure_parity
from classwise.export.proof.probe_images import probe_images
from classwise.export.proof.same_tensors import same_tensors
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from classwise.zoo import Hasher
    from classwise.zoo.datasets.labeled_images import ImageSource


def prove(hasher: Hasher, model: Model, images: np.ndarray | ImageSource | None = None) -> Parity:
    """Compares an opened export with its hasher in Keras; arguments and errors as in `verify`."""
    from classwise.export.graph.keras_hasher import keras_model

    return check_equal(keras_model(hasher), model, images)


def check_equal(first: Model, second: Model, *arguments, **settings) -> Parity:
    """Returns how far two opened models are apart, or raises `ParityError` if it is too far."""
    parity = compare(first, second, *arguments, **settings)
    if not parity.passed:
        raise ParityError(f"The models differ: {parity}.", parity)
    return parity


def compare(
    first: Model,
    second: Model,
    images: np.ndarray | ImageSource | None = None,
    *,
    batch_sizes: Sequence[int] = (1, 7),
    tolerance: float = TOLERANCE,
    margin: float = MARGIN,
) -> Parity:
    """Computes how far two opened models are apart; `formats.verify` tells the rest.

    Raises:
        ParityError: names, shapes or types differ, or a model fails on some batch.
        InputError: as in `verify`.
    """
    first.check_contract()
    second.check_contract()
    same_tensors(first, second)
    image_shape = first.image_shape
    if images is None:
        images = probe_images(image_shape)
    check_probe(images, image_shape)
    if not batch_sizes or min(batch_sizes) < 1:
        raise InputError(f"batch_sizes is {batch_sizes!r}; give sizes from 1 on, such as (1, 7).")
    for name, value in (("tolerance", tolerance), ("margin", margin)):
        if not value >= 0:
            raise InputError(f"{name} is {value!r}; it must be a number from 0 on.")
    fixed = second.signatures[0].batch or first.signatures[0].batch
    sizes = [fixed] if fixed else batch_sizes

    right, found = Results(first), Results(second)
    counts = set()
    for batch in cut(images, sizes):
        counts.add(fixed or len(batch))
        right.add(batch)
        found.add(batch)
    if "embedding" not in right.outputs:
        right, found = found, right  # margins are known from that side only
    return measure_parity(
        {name: arrays[0] for name, arrays in right.arrays().items()},
        found.arrays(),
        batch_sizes=sorted(counts),
        tolerance=tolerance,
        margin=margin,
    )


class Results:
    """What the signatures of a model compute, batch by batch."""

    def __init__(self, model: Model):
        self.signatures = model.signatures
        self.outputs = {name for signature in model.signatures for name in signature.outputs}
        self.batches: list[list[dict[str, np.ndarray]]] = [[] for _ in model.signatures]

    def add(self, images: np.ndarray) -> None:
        for signature, batches in zip(self.signatures, self.batches, strict=True):
            batches.append(run_batch(signature, images))

    def arrays(self) -> dict[str, list[np.ndarray]]:
        """Returns, by output, its values for all images; one array a signature that gives it."""
        return {
            name: [
                np.concatenate([batch[name] for batch in batches])
                for signature, batches in zip(self.signatures, self.batches, strict=True)
                if name in signature.outputs
            ]
            for name in self.outputs
        }


def check_probe(images: np.ndarray | ImageSource, image_shape: tuple[int, ...]) -> None:
    """Raises `InputError` unless images are uint8 `[N, *image_shape]` with N >= 1."""
    shape = getattr(images, "shape", None)
    dtype = getattr(images, "dtype", np.uint8 if shape else None)  # of images yet to be decoded
    if dtype != np.uint8 or shape is None or shape[1:] != tuple(image_shape) or not shape[0]:
        raise InputError(
            f"The images to verify with are {dtype} {shape}; they must be a uint8 array "
            f"[N, {', '.join(map(str, image_shape))}] with N of 1 or more."
        )


def run_batch(signature: Signature, images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the outputs for one batch, or raises `ParityError` if there is not one an image."""
    try:
        results = signature.compute(images)
    except Exception as error:  # each runtime has its own
        reason = str(error).strip().split("\n")[0][:200]
        raise ParityError(
            f"The model fails on a batch of {len(images)} images ({reason})."
        ) from error
    for name, array in results.items():
        if len(array) != len(images):
            raise ParityError(f"The model gives {len(array)} of {name} for {len(images)} images.")
    return results


def cut(images: np.ndarray | ImageSource, batch_sizes: Sequence[int]) -> Iterator[np.ndarray]:
    """Yields the images in batches of the given sizes in turn; the last may be smaller.

    Example:

    >>> [len(part) for part in cut(np.zeros(12), (1, 7))]
    [1, 7, 1, 3]
    """
    start = 0
    for size in itertools.cycle(batch_sizes):
        if start >= images.shape[0]:
            return
        yield images[start : start + size]
        start += size
