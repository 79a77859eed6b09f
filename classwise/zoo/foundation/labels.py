"""Labels, class ids or multi-hot rows: checked alike wherever they enter."""

import numpy as np

from classwise.zoo.foundation.errors import InputError

_LARGEST_ID = np.iinfo(np.int64).max


def check_labels(
    name: str,
    labels: np.ndarray,
    rows: int,
    num_classes: int | None = None,
    *,
    soft: bool = False,
) -> np.ndarray:
    """Returns class ids as int64 `[N]`, or multi-hot labels as uint8 `[N, C]`, or raises.

    Args:
        name: what the labels are called where they come from.
        labels: integers `[N]`, or in one column `[N, 1]`, each in 0..C-1; or multi-hot `[N, C]`,
            numbers or booleans, each 0 or 1.
        rows: N, the number of items that are labeled.
        num_classes: C; where it is not known, any C and any id from 0 on will do. Defaults to None.
        soft: whether `[N, C]` may hold anything from 0 to 1, as label smoothing, MixUp and CutMix
            make it; such labels are returned as float32. Defaults to False.

    Raises:
        InputError: another dtype, shape or length, or a value that is not allowed (the first one
            is named).

    Example:

    >>> check_labels("labels", [2, 0, 1], rows=3, num_classes=3)
    array([2, 0, 1])
    >>> check_labels("labels", [[2], [0], [1]], rows=3)
    array([2, 0, 1])
    >>> check_labels("labels", [[1.0, 0.0], [1.0, 1.0]], rows=2).tolist()
    [[1, 0], [1, 1]]
    """
    labels = np.asarray(labels)
    given, labels = labels.shape, ids_or_rows(labels)
    columns = "classes" if num_classes is None else num_classes
    fits = labels.ndim == 1 or (labels.ndim == 2 and num_classes in (None, labels.shape[1]))
    if not fits or len(labels) != rows:
        raise InputError(
            f"{name} has shape {given} for {rows} items; give one class id an item [{rows}] "
            f"or multi-hot labels [{rows}, {columns}]."
        )
    if labels.ndim == 2:
        return _check_multi_hot(name, labels, soft)
    if labels.dtype.kind not in "iu" and labels.size:
        raise InputError(f"{name} is {labels.dtype}; class ids must be integers from 0.")
    wrong = (labels < 0) | (labels > (_LARGEST_ID if num_classes is None else num_classes - 1))
    if wrong.any():
        row = int(wrong.argmax())
        bound = "below 2^63" if num_classes is None else f"to {num_classes - 1}"
        raise InputError(
            f"{name} row {row} is {labels[row]}; class ids must be integers from 0 {bound}, so "
            "leave unlabeled items out."
        )
    return labels.astype(np.int64)


def ids_or_rows(labels: np.ndarray) -> np.ndarray:
    """Returns labels `[N]` or `[N, C]`; one column is ids, as keras.datasets gives them.

    There is no multi-hot label of one class.
    """
    return labels[:, 0] if labels.shape[1:] == (1,) else labels


def _check_multi_hot(name: str, labels: np.ndarray, soft: bool) -> np.ndarray:
    if labels.dtype.kind not in "iufb":
        raise InputError(f"{name} is {labels.dtype}; multi-hot labels must be numbers, 0 or 1.")
    hard = (labels == 0) | (labels == 1)
    wrong = ~((labels >= 0) & (labels <= 1)) if soft else ~hard
    if wrong.any():
        row, column = (int(i) for i in np.unravel_index(wrong.argmax(), wrong.shape))
        allowed = "multi-hot labels are 0 or 1 for every class"
        if soft:
            allowed += ", soft ones lie from 0 to 1"
        raise InputError(
            f"{name} row {row} holds {labels[row, column]} for class {column}; {allowed}."
        )
    return labels.astype(np.uint8 if hard.all() else np.float32)
