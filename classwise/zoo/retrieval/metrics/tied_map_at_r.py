"""MAP@R of rankings with ties.

Reference: Musgrave et al., A metric learning reality check, arXiv 2003.08505.
"""

import numpy as np

from classwise.zoo.retrieval.average_precision import average_precision
from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric("map@r", "mAP@R", "rankings")
def tied_map_at_r(ranking: CodeRanking) -> np.ndarray:
    """Computes the average precision up to each query's number of relevant items, `[3, Q]`."""
    return average_precision(ranking.groups, ranking.groups.total_relevant)
