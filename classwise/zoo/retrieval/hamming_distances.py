"""Exact Hamming distances as one matrix product, which BLAS computes faster than bit counting."""

import numpy as np


def hamming_distances(first: np.ndarray, second: np.ndarray, code_length: int) -> np.ndarray:
    """Computes all Hamming distances between two sets of packed codes.

    Args:
        first, second: uint8 `[N, bytes]` and `[M, bytes]`.
        code_length: bits L, at most 4096.

    Returns:
        float32 `[N, M]`, whole numbers 0..L.

    Example:

    >>> hamming_distances(np.uint8([[0b101]]), np.uint8([[0b000], [0b001]]), 8).tolist()
    [[2.0, 1.0]]
    """
    return signs_with_offset(first, code_length, 0) @ bits_with_one(second, code_length).T


def signs_with_offset(
    codes: np.ndarray,
    code_length: int,
    offset: np.ndarray | int,
    unit: int = 1,
    dtype: type = np.float32,
) -> np.ndarray:
    """Returns `[1 - 2 q, unit sum q + offset]`, so that the distance is one matrix product.

    The product with `[d, 1]` is distance + offset; with `[u d + v e, 1]` and unit = u + v it is
    u times the distance to d plus v times the distance to e, + offset. Every partial sum is a
    whole number, so the product is exact as long as the dtype holds them.
    """
    bits = np.unpackbits(codes, axis=1, count=code_length)
    signs: np.ndarray = np.empty((len(codes), code_length + 1), dtype)
    np.subtract(1, 2.0 * bits, out=signs[:, :-1])
    signs[:, -1] = unit * bits.sum(axis=1) + offset
    return signs


def bits_with_one(codes: np.ndarray, code_length: int, dtype: type = np.float32) -> np.ndarray:
    """Returns `[d, 1]`, `[N, L + 1]`."""
    bits: np.ndarray = np.ones((len(codes), code_length + 1), dtype)
    bits[:, :-1] = np.unpackbits(codes, axis=1, count=code_length)
    return bits
