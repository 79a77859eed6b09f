"""Precision at a cut-off."""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric("precision@{k}", "Precision@{k}", "codes")
def precision_at(ranking: CodeRanking, k: int) -> np.ndarray:
    """Computes the relevant share of the first K, `[3, Q]`."""
    return ranking.hits(k) / k
