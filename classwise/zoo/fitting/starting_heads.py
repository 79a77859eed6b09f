"""What the head starts as: nothing yet, or codes of the teacher's vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.training.iterative_quantization import itq_rotation

# More photos tell a rotation and a regression nothing new.
MOST_PHOTOS = 20_000
RIDGE = 1e-2


def random_head(inputs: np.ndarray, teacher: np.ndarray, code_length: int, seed: int) -> LinearHead:
    """Draws a head of independent normal weights, for inputs of mean square 1."""
    random = np.random.default_rng(seed)
    width = inputs.shape[1]
    return LinearHead(random.normal(size=(width, code_length)) / width**0.5, np.zeros(code_length))


def itq_head(inputs: np.ndarray, teacher: np.ndarray, code_length: int, seed: int) -> LinearHead:
    """Computes the head nearest to PCA and ITQ of the teacher's vectors, by ridge regression.

    Formula, with inputs X `[N, d]` of mean 0, and the teacher's first L principal components,
    turned by ITQ and scaled to mean square 1, as H `[N, L]`:

        W = (X^T X + .01 N mean(X^2) I)^-1 X^T H

    Codes longer than the teacher's vectors get components of zero, which the rotation fills.
    """
    rows = evenly(len(inputs), MOST_PHOTOS)
    inputs, teacher = inputs[rows].astype(np.float64), teacher[rows]
    components = mapped(teacher, *principal_axes(teacher, code_length).whitening(code_length, 0))
    missing = code_length - components.shape[1]
    components = np.pad(components, ((0, 0), (0, missing)))
    wanted = components @ itq_rotation(components, seed=seed)
    wanted /= np.sqrt(np.mean(wanted**2))
    penalty = RIDGE * len(inputs) * np.mean(inputs**2) * np.eye(inputs.shape[1])
    kernel = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ wanted)
    return LinearHead(kernel, np.zeros(code_length))


def evenly(count: int, most: int) -> np.ndarray:
    """Returns at most `most` of the positions 0 to `count` - 1, evenly spread."""
    return np.linspace(0, count - 1, min(count, most)).astype(int)


#: By the name that a plan gives: (inputs, teacher, code length, seed) to a head of the inputs.
STARTS: dict[str, Callable[[np.ndarray, np.ndarray, int, int], LinearHead]] = {
    "itq": itq_head,
    "random": random_head,
}
