"""Signs of random projections of the trunk's features.

Reference: Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002.
"""

import numpy as np

from classwise.zoo.evaluation.baselines.baseline import Material, baseline
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval.leave_one_out import RankedCodes, RankedVectors

SEED = 0


@baseline("random", "random projection of these features, {bits} bits")
def random_projection(material: Material) -> RankedCodes | None:
    """Returns the signs of L random projections, whose directions a fixed seed draws.

    Features are scaled to length 1 first, and their mean over these images is taken away.
    """
    if material.features is None:
        return None
    vectors = RankedVectors(material.features).vectors
    random = np.random.default_rng(SEED)
    directions = random.normal(size=(vectors.shape[1], material.code_length))
    return RankedCodes(
        pack_codes((vectors - vectors.mean(axis=0)) @ directions), material.code_length
    )
