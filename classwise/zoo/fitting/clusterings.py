"""Clusterings of the teacher's vectors: the pseudo-classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from classwise.zoo.foundation.extras import require

ITERATIONS = 25
# So many vectors a cluster are enough to find its center; all are assigned.
VECTORS_A_CLUSTER = 64
CHUNK = 16_384


def clusterings(
    vectors: np.ndarray,
    counts: Sequence[int],
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """Clusters unit vectors several times, by spherical k-means.

    Args:
        vectors: float32 `[N, D]`.
        counts: of clusters, one a clustering, each below N.
        seed: the same one gives the same clusters.
        progress: called with 1 after each clustering.

    Returns:
        ids of clusters, int64 `[N, S]`, each clustering's from 0 on and none without a vector.

    Reference: Dhillon and Modha, "Concept Decompositions for Large Sparse Text Data Using
    Clustering", Machine Learning 2001.
    """
    found = []
    for number, count in enumerate(counts):
        found.append(spherical_k_means(vectors, count, seed + number))
        progress(1)
    return np.stack(found, axis=1)


def spherical_k_means(vectors: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Returns the id of every vector's cluster, int64 `[N]`, from 0 on without a gap."""
    faiss = require("faiss", "fit")
    means = faiss.Kmeans(
        vectors.shape[1],
        count,
        niter=ITERATIONS,
        seed=seed,
        spherical=True,
        min_points_per_centroid=1,
        max_points_per_centroid=VECTORS_A_CLUSTER,
    )
    means.train(vectors)
    near = [
        means.index.search(vectors[start : start + CHUNK], 1)[1][:, 0]
        for start in range(0, len(vectors), CHUNK)
    ]
    return np.unique(np.concatenate(near), return_inverse=True)[1].astype(np.int64)
