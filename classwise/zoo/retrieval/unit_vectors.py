"""Embeddings as cosines take them."""

import numpy as np

from classwise.zoo.retrieval.inputs import check_embeddings


def unit_vectors(name: str, embeddings: np.ndarray) -> np.ndarray:
    """Returns embeddings `[N, L]`, checked and scaled to length 1, float32.

    Raises:
        InputError: another dtype or rank, no rows, NaN or infinity, or a zero row.
    """
    embeddings = check_embeddings(name, embeddings, for_cosine=True).astype(np.float64)
    embeddings /= np.abs(embeddings).max(axis=1, keepdims=True)  # no overflow in the square
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings.astype(np.float32)
