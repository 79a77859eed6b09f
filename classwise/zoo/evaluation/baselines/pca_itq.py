"""Principal components of the trunk's features, turned for the sake of their signs.

Reference: Gong and Lazebnik, "Iterative Quantization: A Procrustean Approach to Learning Binary
Codes", CVPR 2011.
"""

from classwise.zoo.evaluation.baselines.baseline import Material, baseline
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval.leave_one_out import RankedCodes, RankedVectors


@baseline("ITQ", "PCA + ITQ of these features, {bits} bits")
def pca_itq(material: Material) -> RankedCodes | None:
    """Returns the signs of L turned principal components, fitted to these very images.

    Features are scaled to length 1 first. There are no codes longer than the features, or than
    there are images.
    """
    if material.features is None or material.code_length >= min(material.features.shape):
        return None
    from sklearn.decomposition import PCA

    from classwise.zoo.training.iterative_quantization import itq_rotation  # imports Keras

    vectors = RankedVectors(material.features).vectors
    components = PCA(material.code_length, svd_solver="covariance_eigh").fit_transform(vectors)
    turned = components @ itq_rotation(components)
    return RankedCodes(pack_codes(turned), material.code_length)
