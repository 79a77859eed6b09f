"""Merging of equal rows: the codes of a trained hasher collapse onto few distinct values."""

import numpy as np


def distinct_rows(*parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Computes which rows are distinct, all parts of a row taken together.

    Rows become single 64-bit keys, because sorting integers is many times faster than comparing
    rows byte by byte. Where the parts need more bits than that, what is gathered so far is
    replaced by its rank among its distinct values.

    Args:
        *parts: arrays with N rows each: non-negative integers `[N]`, or uint8 `[N, bytes]`.

    Returns:
        index of one row of each distinct kind `[D]`, ordered by the first part, then by the
        others; the kind of every row `[N]`; the number of rows of each kind `[D]`.

    Example:

    >>> index, inverse, counts = distinct_rows(np.array([1, 0, 1]), np.uint8([[7], [7], [7]]))
    >>> index.tolist(), inverse.tolist(), counts.tolist()
    ([1, 0], [1, 0, 1], [1, 2])
    """
    key, width = np.zeros(len(parts[0]), np.uint64), 0
    for column in (column for part in parts for column in _columns(part)):
        column_width = int(column.max()).bit_length()
        if width + column_width > 64:
            key, width = _ranks(key)
        if width + column_width > 64:
            column, column_width = _ranks(column)
        # A shift by 64 is undefined; it only occurs while the key is still 0.
        key = column if width == 0 else (key << np.uint64(column_width)) | column
        width += column_width
    _, index, inverse, counts = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    return index, inverse, counts


def _columns(part: np.ndarray) -> list[np.ndarray]:
    """Returns a part as uint64 columns, eight bytes of a row in each."""
    if part.ndim == 1:
        return [part.astype(np.uint64)]
    rows, width = part.shape
    padded = np.zeros((rows, -(-width // 8) * 8), np.uint8)
    padded[:, :width] = part
    return list(padded.view("<u8").astype(np.uint64, copy=False).T)


def _ranks(column: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns the rank of every value among the distinct ones, and the bits that a rank needs."""
    values, ranks = np.unique(column, return_inverse=True)
    return ranks.astype(np.uint64), (len(values) - 1).bit_length()
