"""The checks of codes, embeddings, labels, cut-offs and radii at the door of the metrics."""

from collections.abc import Sequence

import numpy as np

from classwise.zoo.foundation.codes import check_code_length
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.foundation.labels import check_labels


def check_codes(name: str, codes: np.ndarray, code_length: int | None) -> tuple[np.ndarray, int]:
    """Returns packed codes as a C-ordered uint8 matrix, and their length in bits.

    Without `code_length` every bit counts, so the length is 8 times the bytes of a row.

    Raises:
        InputError: another dtype, rank or width, no rows, or a set bit in the padding.
    """
    codes = np.asarray(codes)
    if codes.dtype != np.uint8 or codes.ndim != 2:
        raise InputError(
            f"{name} is {codes.dtype} of shape {codes.shape}; packed codes are uint8 [N, bytes], "
            "as pack_codes returns them from embeddings."
        )
    if codes.size == 0:
        raise InputError(f"{name} has shape {codes.shape}; at least one code is needed.")
    code_length = check_code_length(8 * codes.shape[1] if code_length is None else code_length)
    if codes.shape[1] != -(-code_length // 8):
        raise InputError(
            f"{name} has {codes.shape[1]} bytes a row, but codes of {code_length} bits take "
            f"{-(-code_length // 8)}; pass the code_length that the codes were made with."
        )
    padding = (1 << (-code_length % 8)) - 1
    bad = np.flatnonzero(codes[:, -1] & padding)
    if len(bad):
        raise InputError(
            f"{name} row {bad[0]} has a bit set beyond code_length {code_length}; padding bits "
            "must be 0, so pass the right code_length or pack again with pack_codes."
        )
    return np.ascontiguousarray(codes), code_length


def check_embeddings(name: str, embeddings: np.ndarray, *, for_cosine: bool) -> np.ndarray:
    """Returns float embeddings `[N, L]`.

    Raises:
        InputError: another dtype or rank, no rows, NaN or infinity; with `for_cosine`, a zero row.
    """
    embeddings = np.asarray(embeddings)
    if not np.issubdtype(embeddings.dtype, np.floating) or embeddings.ndim != 2:
        raise InputError(
            f"{name} is {embeddings.dtype} of shape {embeddings.shape}; embeddings are floats "
            "[N, L]."
        )
    if embeddings.size == 0:
        raise InputError(f"{name} has shape {embeddings.shape}; at least one vector is needed.")
    bad = np.flatnonzero(~np.isfinite(embeddings).all(axis=1))
    if len(bad):
        raise InputError(
            f"{name} row {bad[0]} holds NaN or infinity; every component must be finite, so check "
            "the model that made it."
        )
    zero = np.flatnonzero(~embeddings.any(axis=1)) if for_cosine else np.empty(0, int)
    if len(zero):
        raise InputError(
            f"{name} row {zero[0]} is a zero vector, whose cosine is undefined; leave it out or "
            "check the model that made it."
        )
    return embeddings


def check_same_width(first: str, first_width: int, second: str, second_width: int) -> None:
    """Raises `InputError` unless two sets of vectors have the same number of components."""
    if first_width != second_width:
        raise InputError(
            f"{first} has {first_width} components a row, {second} has {second_width}; both must "
            "come from the same model."
        )


def check_class_ids(name: str, labels: np.ndarray, rows: int) -> np.ndarray:
    """Returns class ids as int64 `[N]`; multi-hot labels raise `InputError` here."""
    labels = check_labels(name, labels, rows)
    if labels.ndim != 1:
        raise InputError(
            f"{name} has shape {labels.shape}; this metric is defined for one class id an item "
            f"[{rows}], not for multi-hot labels."
        )
    return labels


def database_or_the_others(
    kind: str,
    queries: np.ndarray,
    query_labels: np.ndarray,
    database: np.ndarray | None,
    database_labels: np.ndarray | None,
    leave_one_out: bool | None,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Returns database, its labels, and whether each query is ranked against the other queries.

    Args:
        kind: what is ranked, "codes" or "embeddings", for messages.
        queries, query_labels: as given.
        database, database_labels: as given, or None for the queries themselves.
        leave_one_out: as given; None means that it follows from a database that is left out.

    Raises:
        InputError: half a database, none where leave_one_out is False, or one that is not the
            queries where it is True.
    """
    if (database is None) != (database_labels is None):
        raise InputError(
            f"Only one of database_{kind} and database_labels was given; give both, or neither to "
            "rank each query against the other queries."
        )
    if database is None or database_labels is None:
        if leave_one_out is not None and not leave_one_out:
            raise InputError(
                "leave_one_out is False and no database was given; give one, or leave both out to "
                "rank each query against the other queries."
            )
        return queries, query_labels, True
    if leave_one_out and not (
        np.array_equal(queries, database) and np.array_equal(query_labels, database_labels)
    ):
        raise InputError(
            f"leave_one_out is True, but database_{kind} and database_labels are not those of the "
            "queries; leave the database out, or leave_one_out."
        )
    return database, database_labels, bool(leave_one_out)


def check_label_pair(query_labels: np.ndarray, database_labels: np.ndarray) -> None:
    """Raises `InputError` unless both are class ids, or both multi-hot over the same classes."""
    if query_labels.shape[1:] != database_labels.shape[1:]:
        raise InputError(
            f"query_labels has shape {query_labels.shape} and database_labels "
            f"{database_labels.shape}; both must be class ids [N], or multi-hot with the same "
            "number of classes [N, C]."
        )


def check_cut_offs(name: str, cut_offs: Sequence[int], database_size: int) -> tuple[int, ...]:
    """Returns the cut-offs without repetition, or raises `InputError` where one is impossible."""
    for k in cut_offs:
        if not 1 <= (as_integer(k) or 0) <= database_size:
            raise InputError(
                f"{name} holds {k!r}; a query is ranked against {database_size} items, so use "
                f"integers from 1 to {database_size}, or leave {name} out."
            )
    return tuple(dict.fromkeys(map(int, cut_offs)))


def check_radius(radius: Sequence[int]) -> tuple[int, ...]:
    """Returns the radii without repetition, or raises `InputError` unless integers from 0."""
    for r in radius:
        if as_integer(r) is None or r < 0:
            raise InputError(f"radius holds {r!r}; Hamming radii are integers from 0.")
    return tuple(dict.fromkeys(map(int, radius)))
