"""Agreement of k-means clusters with the classes."""

import numpy as np

from classwise.zoo.retrieval.metric import metric


@metric("nmi", "NMI", "clusters")
def clustering_nmi(embeddings: np.ndarray, labels: np.ndarray, *, seed: int = 0) -> float:
    """Computes the normalized mutual information of k-means clusters and classes.

    Formula: NMI = 2 I(clusters; classes) / (H(clusters) + H(classes)), k = number of classes.

    Args:
        embeddings: unit vectors `[N, L]`.
        labels: class ids `[N]`.
        seed: of the k-means++ starts; the best of four is kept.

    Example:

    >>> clustering_nmi(np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]), np.array([0, 0, 1]))
    1.0
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score

    clusters = len(np.unique(labels))
    # With fewer distinct vectors than classes k-means can't fill its clusters, and warns.
    clusters = min(clusters, len(np.unique(embeddings, axis=0)))
    assigned = KMeans(clusters, n_init=4, random_state=seed).fit_predict(embeddings)
    return float(normalized_mutual_info_score(labels, assigned))
