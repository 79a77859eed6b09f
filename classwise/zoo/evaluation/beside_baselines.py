"""A hasher beside baselines, on images that all ask each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from classwise.zoo.evaluation.baselines import BASELINES, Material
from classwise.zoo.retrieval.leave_one_out import (
    LeaveOneOutResult,
    RankedCodes,
    RankedVectors,
    evaluate_leave_one_out,
)


def beside_baselines(
    codes: np.ndarray,
    code_length: int,
    embeddings: np.ndarray | None,
    labels: np.ndarray,
    material: Mapping[str, np.ndarray],
    group: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, LeaveOneOutResult]:
    """Returns the metrics of a hasher's codes and embeddings, then those of all baselines.

    Args:
        codes, embeddings: of the images; embeddings are None where only codes are known.
        code_length: bits L.
        labels: class ids.
        material: arguments of `Material`, as `EncoderWithMaterial` names them.
        group: images a class, for the score of UKBench.
        progress: called with 1 for each one that is done.

    Returns:
        Results by title; a baseline that lacks its material is left out.
    """
    made: dict[str, RankedCodes | RankedVectors | None] = {
        f"this hasher, {code_length} bits": RankedCodes(codes, code_length)
    }
    if embeddings is not None:
        made["its embeddings, cosine"] = RankedVectors(embeddings)
    given = Material(code_length, **material)
    for baseline in BASELINES:
        made[baseline.title.format(bits=code_length)] = baseline.function(given)
    results = {}
    for title, items in made.items():
        if items is not None:
            results[title] = evaluate_leave_one_out(items, labels, group=group)
        if progress is not None:
            progress(1)
    return results
