"""Everything that an evaluation of codes is given, checked in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.code_ranking import DIVISORS
from classwise.zoo.retrieval.inputs import (
    check_codes,
    check_cut_offs,
    check_label_pair,
    check_labels,
    check_radius,
)


class CheckedSets(NamedTuple):
    """Codes and labels that fit each other, and the length of the codes in bits."""

    query_codes: np.ndarray
    query_labels: np.ndarray
    database_codes: np.ndarray
    database_labels: np.ndarray
    code_length: int


def check_sets(
    query_codes: np.ndarray,
    query_labels: np.ndarray,
    database_codes: np.ndarray,
    database_labels: np.ndarray,
    code_length: int | None = None,
) -> CheckedSets:
    """Returns codes as uint8 and labels as integers; without `code_length` every bit counts.

    Raises:
        InputError: codes or labels that do not fit.
    """
    query_codes, code_length = check_codes("query_codes", query_codes, code_length)
    database_codes, _ = check_codes("database_codes", database_codes, code_length)
    query_labels = check_labels("query_labels", query_labels, len(query_codes))
    database_labels = check_labels("database_labels", database_labels, len(database_codes))
    check_label_pair(query_labels, database_labels)
    return CheckedSets(query_codes, query_labels, database_codes, database_labels, code_length)


def check_request(
    top_k: Sequence[int] | None,
    radius: Sequence[int] | None,
    divisor: str,
    *,
    database_size: int,
    code_length: int,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the cut-offs and radii to use, by default those that `evaluate_codes` documents.

    Raises:
        InputError: a cut-off, a radius or a divisor that is impossible.

    Example:

    >>> check_request(None, None, "min", database_size=500, code_length=48)
    ((100,), (2,))
    """
    if top_k is None:
        top_k = [k for k in (100, 1000) if k <= database_size]
    radius = check_radius((min(2, code_length),) if radius is None else radius)
    too_large = [r for r in radius if r > code_length]
    if too_large:
        raise InputError(
            f"radius holds {too_large[0]}; codes of {code_length} bits are at most {code_length} "
            f"apart, so use integers from 0 to {code_length}."
        )
    if divisor not in DIVISORS:
        raise InputError(f"divisor is {divisor!r}; it must be 'min' or 'hits'.")
    return check_cut_offs("top_k", top_k, database_size), radius
