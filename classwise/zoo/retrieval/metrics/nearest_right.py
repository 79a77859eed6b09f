"""The score of UKBench: how many of the nearest show the same thing.

Reference: Nister and Stewenius, Scalable recognition with a vocabulary tree, CVPR 2006.
"""

import numpy as np

from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.metric import metric


@metric("nearest_right@{group}", "Right of the nearest {group}", "rankings")
def nearest_right_at(ranking: CodeRanking, group: int) -> np.ndarray:
    """Computes how many of the first G are relevant, the query itself first, `[3, Q]`.

    Itself is one of them without being ranked: it counts 1, the first G - 1 others their hits.
    """
    return 1 + ranking.hits(group - 1) if group > 1 else np.ones((3, len(ranking.items)))
