"""Recall at a cut-off."""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric("recall@{k}", "Recall@{k}", "codes", by_class=False)
def recall_at(ranking: CodeRanking, k: int) -> np.ndarray:
    """Computes the share of all relevant items that is among the first K, `[3, Q]`."""
    return ranking.hits(k) / ranking.groups.total_relevant
