"""R-precision and MAP@R: what is relevant of the first R, R the number of relevant items.

Reference: Musgrave et al., A metric learning reality check, arXiv 2003.08505.
"""

import numpy as np

from classwise.zoo.retrieval.metric import metric


@metric("r_precision", "R-precision", "embeddings")
def r_precision(ranks: np.ndarray) -> np.ndarray:
    """Computes the relevant share of the first R, `[Q]`."""
    return (ranks <= ranks.shape[1]).mean(axis=1)


@metric("map@r", "mAP@R", "embeddings")
def map_at_r(ranks: np.ndarray) -> np.ndarray:
    """Computes the mean over R of the precision at each relevant rank up to R, `[Q]`."""
    count = ranks.shape[1]
    precision = np.arange(1, count + 1) / ranks
    return ((ranks <= count) * precision).mean(axis=1)
