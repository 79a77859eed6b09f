"""Codes from files: what `classwise encode` wrote, or queries and database in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_classes import check_class_names, one_numbering, renumbered
from classwise.zoo.encoding.read_codes import read_codes
from classwise.zoo.evaluation.evaluate import EncodedSets
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import ids_or_rows

CODE_FILE_KEYS = ("query_codes", "query_labels", "database_codes", "database_labels")


def read_code_file(path: Path) -> EncodedSets:
    """Reads codes and labels from an `.npz` file, or from a folder of `--engine ray`.

    Either with the keys of `CODE_FILE_KEYS` and, where classes have names, `class_names` (of both)
    or `query_class_names` and `database_class_names`; or as `classwise encode --labels folders`
    writes it, whose images then all ask each other.

    Raises:
        InputError: no such file, not an `.npz`, a key is missing, or classes do not match.
    """
    arrays = read_codes(path)
    if "codes" in arrays and "query_codes" not in arrays:
        return _sets(path, arrays, path, arrays, leave_one_out=True)
    missing = [key for key in CODE_FILE_KEYS if key not in arrays]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}; it must hold {', '.join(CODE_FILE_KEYS)}, or what "
            "`classwise encode --labels folders` writes."
        )
    shared = {key: arrays[key] for key in ("code_length", "class_names") if key in arrays}
    queries, database = (
        shared | {key.removeprefix(role): arrays[key] for key in arrays if key.startswith(role)}
        for role in ("query_", "database_")
    )
    return _sets(path, queries, path, database, leave_one_out=False)


def read_code_pair(queries: Path, database: Path) -> EncodedSets:
    """Reads two files of `classwise encode --labels folders`; the first asks, the second answers.

    Raises:
        InputError: as `read_code_file`; or they are of different models or code lengths.
    """
    return _sets(queries, read_codes(queries), database, read_codes(database), leave_one_out=False)


def _sets(
    query_path: Path,
    queries: dict[str, np.ndarray],
    database_path: Path,
    database: dict[str, np.ndarray],
    leave_one_out: bool,
) -> EncodedSets:
    both = ((query_path, queries), (database_path, database))
    for path, arrays in both:
        if "labels" not in arrays or "codes" not in arrays:
            lacking = "labels" if "codes" in arrays else "codes"
            raise InputError(
                f"{path} holds no {lacking}; write it by `classwise encode --labels folders`."
            )
    for key, what in (("model", "another model"), ("code_length", "another code length")):
        values = [arrays[key].tolist() for _, arrays in both if key in arrays]
        if len(values) == 2 and values[0] != values[1]:
            raise InputError(
                f"{query_path} and {database_path} are of {what} each; encode both with one model "
                "(a .keras file and its .onnx export count as two)."
            )
    lengths = [_code_length(path, arrays) for path, arrays in both]
    labels, names = _labels(*both)
    return EncodedSets(
        queries["codes"],
        labels[0],
        database["codes"],
        labels[1],
        lengths[0],
        queries.get("embeddings"),
        database.get("embeddings"),
        class_names=names,
        leave_one_out=leave_one_out,
    )


def _labels(*both: tuple[Path, dict[str, np.ndarray]]) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """Returns the labels of both in one numbering, and what it means; empty where unknown."""
    given = [
        check_class_names(arrays.get("class_names", np.array([])).tolist()) for _, arrays in both
    ]
    names = one_numbering(*given)
    labels = [ids_or_rows(arrays["labels"]) for _, arrays in both]
    if not names:
        return labels, ()
    moved = []
    for (path, _), old, values in zip(both, given, labels, strict=True):
        try:
            moved.append(renumbered(values, old, names))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    return moved, names


def _code_length(path: Path, arrays: dict[str, np.ndarray]) -> int | None:
    length = arrays.get("code_length")
    if length is None:
        return None
    if length.size != 1 or length.dtype.kind not in "iu":
        raise InputError(f"{path}: code_length is {length}; it must be one integer.")
    return int(length.item())
