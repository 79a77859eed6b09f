"""Embeddings at a byte a component, which order what codes leave tied."""

from __future__ import annotations

import numpy as np

from classwise.zoo.retrieval.inputs import check_embeddings

LARGEST = 127


def quantize(embeddings: np.ndarray) -> np.ndarray:
    """Computes embeddings of unit length as integers of 8 bits, each row at its own scale.

    Formula: q = round(127 z / max |z|), so that q / |q| is z / |z| to within the rounding; of a
    row of zeros, zeros.

    Args:
        embeddings: floats `[N, D]`.

    Returns:
        int8 `[N, D]`.

    Raises:
        InputError: embeddings that are none, or hold NaN or infinity.

    Example:

    >>> quantize(np.float32([[3.0, -4.0]])).tolist()
    [[95, -127]]
    """
    embeddings = check_embeddings("embeddings", embeddings, for_cosine=False)
    largest = np.abs(embeddings).max(axis=1, keepdims=True)
    return np.rint(embeddings * (LARGEST / np.where(largest > 0, largest, 1))).astype(np.int8)


def cosines(query: np.ndarray, quantized: np.ndarray) -> np.ndarray:
    """Computes the cosine between one embedding and quantized ones; 0 for a row of zeros.

    Args:
        query: floats or int8 `[D]`.
        quantized: int8 `[n, D]`, from `quantize`.

    Returns:
        float32 `[n]`.

    Example:

    >>> cosines(np.float32([0.0, 2.0]), np.int8([[0, 127], [127, 0]])).tolist()
    [1.0, 0.0]
    """
    rows, query = quantized.astype(np.float32), query.astype(np.float32)
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows)) * np.linalg.norm(query)
    return np.clip(rows @ query / np.where(lengths > 0, lengths, 1), -1, 1)
