"""How well the codes of a head rank, and how many of them are equal."""

import numpy as np

from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval import evaluate_codes


def judged(head, queries, database, code_length: int) -> dict:
    """Returns the mAP of a head's codes, expected over ties, with its tie band and equal codes.

    Args:
        head: gives embeddings for features.
        queries: features `[Q, F]` and class ids `[Q]`.
        database: features `[N, F]` and class ids `[N]`.
        code_length: L, bits.
    """
    asking, answering = (pack_codes(head(features)) for features, _ in (queries, database))
    found = evaluate_codes(asking, queries[1], answering, database[1], code_length=code_length)
    return {**rounded(found.metrics["map"]), **equal_codes(answering)}


def rounded(value) -> dict:
    """Returns a metric's expected value and tie band."""
    return {
        "map": round(value.expected, 5),
        "band": [round(value.worst, 5), round(value.best, 5)],
    }


def equal_codes(codes: np.ndarray) -> dict:
    """Returns how many codes are distinct, and the share of images whose code another has, too."""
    counts = np.unique(codes, axis=0, return_counts=True)[1]
    return {
        "distinct": len(counts),
        "equal": round(float(1 - np.count_nonzero(counts == 1) / len(codes)), 5),
    }
