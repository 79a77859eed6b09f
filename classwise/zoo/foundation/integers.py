"""What counts as an integer argument."""

import operator


def as_integer(value: object) -> int | None:
    """Returns an integer, NumPy's included, as a plain int; None for all else, and for booleans.

    Example:

    >>> import numpy as np
    >>> as_integer(np.int64(48)), as_integer(48.0), as_integer(True)
    (48, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None
