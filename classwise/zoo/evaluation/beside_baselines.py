"""A hasher beside baselines, on images that all ask each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from classwise.zoo.evaluation.baselines import BASELINES, Material
from classwise.zoo.retrieval.leave_one_out import (
    LeaveOneOutResult,
    RankedCodes,
    RankedVectors,
    evaluate_leave_one_out,
)


class Contender(NamedTuple):
    """What is ranked, in words, and how well."""

    title: str
    result: LeaveOneOutResult

    def to_dict(self) -> dict:
        """Returns both as JSON types."""
        return {"title": self.title, **self.result.to_dict()}


def beside_baselines(
    codes: np.ndarray,
    code_length: int,
    embeddings: np.ndarray | None,
    labels: np.ndarray,
    material: Mapping[str, np.ndarray],
    group: int | None = None,
    recall_at: Sequence[int] | None = None,
    clusters: bool = True,
) -> dict[str, Contender]:
    """Returns the metrics of a hasher's codes and embeddings, then those of all baselines.

    Args:
        codes, embeddings: of the images; embeddings are None where only codes are known.
        code_length: bits L.
        labels: class ids.
        material: arguments of `Material`, as `EncoderWithMaterial` names them.
        group: images a class, for the score of UKBench.
        recall_at: cut-offs of R@K, as in `evaluate_leave_one_out`.
        clusters: whether NMI is wanted, too.

    Returns:
        By name, "hasher" and "floats" before the baselines' own; one that lacks its material is
        left out.
    """
    given = Material(code_length, **material)
    ranked: list[tuple[str, str, RankedCodes | RankedVectors | None]] = [
        ("hasher", f"this hasher, {code_length} bits", RankedCodes(codes, code_length)),
        (
            "floats",
            "its embeddings, cosine",
            None if embeddings is None else RankedVectors(embeddings),
        ),
    ]
    for baseline in BASELINES:
        title = baseline.title.format(bits=code_length)
        ranked.append((baseline.name, title, baseline.function(given)))
    return {
        name: Contender(
            title,
            evaluate_leave_one_out(items, labels, group=group, recall_at=recall_at, nmi=clusters),
        )
        for name, title, items in ranked
        if items is not None
    }
