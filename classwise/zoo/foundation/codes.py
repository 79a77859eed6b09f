"""Binary codes: the bit rule, and the packed layout that every part of classwise shares."""

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.foundation.number_ranges import CODE_LENGTHS

MAX_CODE_LENGTH = CODE_LENGTHS.most


def check_code_length(code_length: int) -> int:
    """Returns `code_length` as a plain int; `InputError` unless it is an integer in 1..4096."""
    length = as_integer(code_length)
    if length is None or not 1 <= length <= MAX_CODE_LENGTH:
        raise InputError(f"code_length is {code_length!r}; it must be an integer from 1 to 4096.")
    return length


def pack_codes(embeddings: np.ndarray) -> np.ndarray:
    """Computes packed binary codes: bit k is 1 where embedding k > 0.

    Args:
        embeddings: float `[N, L]`.

    Returns:
        uint8 `[N, ceil(L / 8)]`, bits in `numpy.packbits` (big-endian) order, zero padded;
        `numpy.unpackbits(codes, axis=-1, count=L)` gives the bits.

    Example:

    >>> pack_codes(np.array([[0.3, -2.0, 0.0, 1.5]])).tolist()
    [[144]]
    """
    return np.packbits(np.asarray(embeddings) > 0, axis=-1)
