"""The teacher: features of a pretrained network, made to say more clearly what belongs together."""

from __future__ import annotations

import numpy as np

from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.nearest_vectors import nearest_vectors
from classwise.zoo.fitting.principal_axes import PrincipalAxes, mapped

SHARPNESS = 3


def teacher_vectors(
    features: np.ndarray, axes: PrincipalAxes, plan: FittingPlan, seed: int
) -> np.ndarray:
    """Computes the teacher's vector of every photo, of unit length, float32 `[N, d]`.

    Formula, with the partly whitened principal components x (`PrincipalAxes.whitening`) and the
    `plan.neighbors` nearest others of i by cosine:

        u = x / |x|
        t_i = u_i + sum_j max(0, u_i . u_j)^3 u_j        divided by its length

    Args:
        features: of the photos, `[N, D]`.
        axes: of these features.
        plan: its axes, its `whitening` and `neighbors`.
        seed: of the cells that a search among many photos needs.

    Reference: database-side feature augmentation, Arandjelovic and Zisserman, CVPR 2012; weighted
    by similarity as in Radenovic et al., arXiv 1711.02512.
    """
    count = plan.teacher_axes(len(features))
    vectors = unit_length(mapped(features, *axes.whitening(count, plan.whitening)))
    if not plan.neighbors:
        return vectors
    near, similarities = nearest_vectors(vectors, plan.neighbors, seed)
    weights = similarities.clip(min=0) ** SHARPNESS
    summed = vectors.copy()
    for rank in range(plan.neighbors):
        summed += weights[:, rank, None] * vectors[near[:, rank]]
    return unit_length(summed)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Returns vectors `[N, D]` divided by their lengths; one of length 0 stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)
