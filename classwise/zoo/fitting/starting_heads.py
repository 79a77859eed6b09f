"""What the head starts as: nothing yet, or codes of the teacher's vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from classwise.zoo.fitting.linear_head import LinearHead

RIDGE = 1e-2


def random_head(inputs: np.ndarray, codes: np.ndarray, seed: int) -> LinearHead:
    """Draws a head of independent normal weights, for inputs of mean square 1."""
    random = np.random.default_rng(seed)
    shape = inputs.shape[1], codes.shape[1]
    return LinearHead(random.normal(size=shape) / shape[0] ** 0.5, np.zeros(shape[1]))


def itq_head(inputs: np.ndarray, codes: np.ndarray, seed: int) -> LinearHead:
    """Computes the head nearest to codes of the teacher, by ridge regression.

    Formula, with inputs X `[N, d]` of mean 0 and `teacher_codes` H `[N, L]`:

        W = (X^T X + .01 N mean(X^2) I)^-1 X^T H
    """
    inputs = inputs.astype(np.float64)
    penalty = RIDGE * len(inputs) * np.mean(inputs**2) * np.eye(inputs.shape[1])
    kernel = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ codes)
    return LinearHead(kernel, np.zeros(codes.shape[1]))


#: By the name that a plan gives: (inputs, codes of the teacher, seed) to a head of the inputs.
STARTS: dict[str, Callable[[np.ndarray, np.ndarray, int], LinearHead]] = {
    "itq": itq_head,
    "random": random_head,
}
