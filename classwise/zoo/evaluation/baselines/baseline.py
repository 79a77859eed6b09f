"""What is known of a baseline, and how its function is registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from classwise.zoo.retrieval.leave_one_out import RankedCodes, RankedVectors


@dataclass(frozen=True)
class Material:
    """What baselines are made of; None where it is not to be had.

    Args:
        code_length: bits L of the hasher that they stand beside.
        features: of the hasher's trunk, float32 `[N, F]`; an exported file gives none.
        perceptual_hashes: packed, uint8 `[N, 8]`, where imagehash is installed.
    """

    code_length: int
    features: np.ndarray | None = None
    perceptual_hashes: np.ndarray | None = None


@dataclass(frozen=True)
class Baseline:
    """A way to describe images that needs no labels.

    Args:
        name: in results, and over a column of a narrow terminal.
        title: in words; `{bits}` stands for the code length.
        function: takes `Material`, returns codes or vectors, or None where it lacks something.
    """

    name: str
    title: str
    function: Callable[[Material], RankedCodes | RankedVectors | None]


BASELINES: list[Baseline] = []


def baseline(name: str, title: str) -> Callable[[Callable], Callable]:
    """Registers a function as a baseline; arguments as in `Baseline`."""

    def register(function: Callable) -> Callable:
        BASELINES.append(Baseline(name, title, function))
        return function

    return register
