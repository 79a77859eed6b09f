"""The nearest vectors of every vector, by cosine similarity."""

from __future__ import annotations

import numpy as np

from classwise.zoo.foundation.extras import require

# Up to here all pairs are compared; beyond, only vectors of neighboring cells.
MOST_PAIRED = 20_000
VECTORS_A_CELL = 250
CELLS_SEARCHED = 16
CHUNK = 16_384


def nearest_vectors(vectors: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Computes the `count` nearest others of every vector, by cosine similarity.

    Exact up to 20,000 vectors. Of more, those of the 16 nearest of N / 250 cells are compared:
    the time grows as N^1.5, where that of all pairs grows as N^2.

    Args:
        vectors: unit vectors, float32 `[N, D]`.
        count: below N.
        seed: of the cells.

    Returns:
        positions int64 `[N, count]` and similarities float32 `[N, count]`, the nearest first.
        Where cells hold too few, the vector itself stands in, with similarity 0.
    """
    faiss = require("faiss", "fit")
    index = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors) > MOST_PAIRED:
        cells = max(1, len(vectors) // VECTORS_A_CELL)
        index = faiss.IndexIVFFlat(index, vectors.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.niter = seed, 10
        index.cp.max_points_per_centroid = 64
        index.nprobe = min(CELLS_SEARCHED, cells)
        index.train(vectors)
    index.add(vectors)
    found = [
        index.search(vectors[start : start + CHUNK], count + 1)
        for start in range(0, len(vectors), CHUNK)
    ]
    similarities = np.concatenate([each[0] for each in found])
    positions = np.concatenate([each[1] for each in found])
    return without_itself(positions, similarities, np.arange(len(vectors)))


def without_itself(
    positions: np.ndarray, similarities: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Takes the position `own` of every row `[Q]` out of its neighbors `[Q, k + 1]`.

    Where it is not among them, behind many equal vectors, the last one goes.
    """
    own = own[:, None]
    kept = positions != own
    kept[kept.all(axis=1), -1] = False
    shape = len(positions), positions.shape[1] - 1
    positions, similarities = positions[kept].reshape(shape), similarities[kept].reshape(shape)
    missing = positions < 0
    return np.where(missing, own, positions), np.where(missing, 0, similarities)
