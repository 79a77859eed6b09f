"""Recall@K as the literature of metric learning has it."""

import numpy as np

from classwise.zoo.retrieval.metric import metric


@metric("recall@{k}", "Recall@{k}", "embeddings")
def embedding_recall_at(ranks: np.ndarray, k: int) -> np.ndarray:
    """Computes whether a relevant item is among the first K, `[Q]`."""
    return ranks[:, 0] <= k
