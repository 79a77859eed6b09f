"""Mean average precision, over the whole ranking and up to a cut-off."""

import numpy as np

from classwise.zoo.retrieval.average_precision import average_precision
from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric("map", "mAP", "codes")
@metric("map", "mAP", "rankings")
def mean_average_precision(ranking: CodeRanking) -> np.ndarray:
    """Computes the mean over relevant items of the precision at their ranks, `[3, Q]`."""
    return average_precision(ranking.groups)


@metric("map@{k}", "mAP@{k}", "codes", compared=True)
def mean_average_precision_at(ranking: CodeRanking, k: int) -> np.ndarray:
    """Computes the same over the first K ranks, divided as `divisor` says, `[3, Q]`."""
    return average_precision(ranking.head(k), k, ranking.divisor)
