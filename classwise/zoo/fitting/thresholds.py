"""Where outputs are cut into bits: chosen so that the bits of these photos say the most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.teacher_codes import MOST_PHOTOS, evenly
from classwise.zoo.training.iterative_quantization import itq_rotation


def at_zero(head: LinearHead, outputs: np.ndarray, seed: int) -> LinearHead:
    """Returns the head as it is: a bit is 1 where an output is above 0."""
    return head


def at_medians(head: LinearHead, outputs: np.ndarray, seed: int) -> LinearHead:
    """Takes the median of every output `[N, L]` off: half of the photos have each bit."""
    return head.turned(np.eye(outputs.shape[1]), np.median(outputs, axis=0))


def turned_by_itq(head: LinearHead, outputs: np.ndarray, seed: int) -> LinearHead:
    """Takes the mean of every output off, and turns all of them by ITQ."""
    mean = outputs.mean(axis=0, dtype=np.float64)
    sample = outputs[evenly(len(outputs), MOST_PHOTOS)] - mean
    # Far outputs would pull the rotation towards the few photos that they are of.
    spread = 3 * np.sqrt(np.mean(sample**2))
    rotation = itq_rotation(sample.clip(-spread, spread), seed=seed)
    return head.turned(rotation, mean @ rotation)


#: By the name that a plan gives: (head, its outputs, seed) to a head whose signs are the codes.
THRESHOLDS: dict[str, Callable[[LinearHead, np.ndarray, int], LinearHead]] = {
    "zero": at_zero,
    "median": at_medians,
    "itq": turned_by_itq,
}
