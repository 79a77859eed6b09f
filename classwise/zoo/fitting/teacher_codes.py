"""Codes of the teacher's vectors: PCA and ITQ, which need no network."""

from __future__ import annotations

import numpy as np

from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.training.iterative_quantization import itq_rotation

# More photos tell a rotation nothing new.
MOST_PHOTOS = 20_000


def teacher_codes(teacher: np.ndarray, code_length: int, seed: int) -> np.ndarray:
    """Computes what the signs of are PCA + ITQ codes of the teacher's vectors, float32 `[N, L]`.

    The first L principal components, turned by ITQ and scaled to mean square 1. Codes longer than
    the vectors get components of zero, which the rotation fills.

    Args:
        teacher: the teacher's vectors, `[N, d]`.
        code_length: L.
        seed: of the rotation that ITQ starts from.

    Reference: Gong and Lazebnik, "Iterative Quantization", CVPR 2011.
    """
    axes = principal_axes(teacher, code_length).whitening(code_length, 0)
    components = mapped(teacher, *axes)
    components = np.pad(components, ((0, 0), (0, code_length - components.shape[1])))
    rotation = itq_rotation(components[evenly(len(teacher), MOST_PHOTOS)], seed=seed)
    turned = components @ rotation.astype(np.float32)
    return turned / np.sqrt(np.mean(turned**2, dtype=np.float64)).astype(np.float32)


def evenly(count: int, most: int) -> np.ndarray:
    """Returns at most `most` of the positions 0 to `count` - 1, evenly spread.

    Example:

    >>> evenly(9, 3).tolist()
    [0, 4, 8]
    """
    return np.linspace(0, count - 1, min(count, most)).astype(int)
