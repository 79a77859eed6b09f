"""Precision and recall within a Hamming radius."""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric(
    "precision_within_radius_{radius}", "Precision within radius {radius}", "codes", compared=True
)
def precision_within_radius(ranking: CodeRanking, radius: int) -> np.ndarray:
    """Computes the relevant share of the items within a radius, 0 of none, `[3, Q]`."""
    return np.stack([ranking.balls[0][:, radius]] * 3)


@metric("recall_within_radius_{radius}", "Recall within radius {radius}", "codes", by_class=False)
def recall_within_radius(ranking: CodeRanking, radius: int) -> np.ndarray:
    """Computes the share of all relevant items that lies within a radius, `[3, Q]`."""
    return np.stack([ranking.balls[1][:, radius]] * 3)
