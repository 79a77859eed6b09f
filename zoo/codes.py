"""Binary codes: the bit rule, and the packed layout that every part of classwise shares."""

import numpy as np

from classwise.zoo.errors import InputError

MAX_CODE_LENGTH = 4096


def check_code_length(code_length: int) -> int:
    """Returns `code_length`, or raises `InputError` unless it is an integer in 1..4096."""
    if not isinstance(code_length, int | np.integer) or not 1 <= code_length <= MAX_CODE_LENGTH:
        raise InputError(f"code_length is {code_length!r}; it must be an integer from 1 to 4096.")
    return int(code_length)


def pack_codes(embeddings: np.ndarray) -> np.ndarray:
    """Computes packed binary codes: bit k is 1 where embedding k > 0.

    Args:
        embeddings: float `[N, L]`.

    Returns:
        uint8 `[N, ceil(L / 8)]`, bits in `numpy.packbits` (big-endian) order, zero padded.

    Example:

    >>> pack_codes(np.array([[0.3, -2.0, 0.0, 1.5]])).tolist()
    [[144]]
    """
    return np.packbits(np.asarray(embeddings) > 0, axis=-1)


def unpack_codes(codes: np.ndarray, code_length: int) -> np.ndarray:
    """Returns the bits of packed codes, uint8 0 or 1, `[N, L]`."""
    return np.unpackbits(codes, axis=-1, count=code_length)
