"""Normalized discounted cumulative gain at a cut-off."""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric
from classwise.zoo.retrieval.tie_groups import TieGroups


@metric("ndcg@{k}", "NDCG@{k}", "codes", multi_hot_only=True)
def ndcg_at(ranking: CodeRanking, k: int) -> np.ndarray:
    """Computes the discounted gain of the first K over the best possible one, `[3, Q]`.

    A gain is the number of labels in common with the query.

    Formula: DCG@K = sum over ranks i <= K of gain(i) / log2(i + 1), divided by that of the
    database sorted by gain. A gain is the number of thresholds t = 1..G that it reaches, so DCG is
    a sum over t of the DCG of a binary relevance, "at least t labels in common".
    """
    items = ranking.items
    discounts = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])

    def discount(first: np.ndarray, count: np.ndarray) -> np.ndarray:
        """Sum of the discounts of `count` ranks from `first + 1`, those behind k left out."""
        first, last = (np.minimum(rank, k).astype(np.intp) for rank in (first, first + count))
        return discounts[last] - discounts[first]

    gained, ideal = np.zeros((3, len(items))), np.zeros(len(items))
    for relevant in ranking.at_least:
        groups = TieGroups.from_counts(items, relevant)
        start, irrelevant = groups.items_before, items - relevant
        gained += [
            (relevant / np.maximum(items, 1) * discount(start, items)).sum(axis=1),
            discount(start + irrelevant, relevant).sum(axis=1),
            discount(start, relevant).sum(axis=1),
        ]
        ideal += discount(np.zeros(len(items)), groups.total_relevant)
    return gained / ideal
