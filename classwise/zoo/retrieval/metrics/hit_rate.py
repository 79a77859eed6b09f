"""Recall@K as the literature of metric learning has it, expected over ties."""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.hits import zero_hits_at
from classwise.zoo.retrieval.metric import metric


@metric("recall@{k}", "R@{k}", "rankings")
def hit_rate_at(ranking: CodeRanking, k: int) -> np.ndarray:
    """Computes the probability that a relevant item is among the first K, `[3, Q]`."""
    return 1 - zero_hits_at(ranking.head(k), k)
