"""Classification by the nearest class center, as the papers report it beside retrieval."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.hamming_distances import hamming_distances
from classwise.zoo.retrieval.inputs import (
    check_class_ids,
    check_codes,
    check_embeddings,
    check_same_width,
)

METRICS = ("euclidean", "cosine")
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class ClassificationResult:
    """How a nearest-center classifier did.

    Args:
        accuracy: share of items whose nearest center is that of their class. An item between t
            equally near centers counts 1 / t for each of them.
        standard_error: of the accuracy, over items; None with a single item.
        confusion: float64 `[C, C]`, items of class row assigned to class column.
        per_class: accuracy of each class `[C]`, NaN for a class without items.
    """

    accuracy: float
    standard_error: float | None
    confusion: np.ndarray = field(repr=False)
    per_class: np.ndarray = field(repr=False)

    def to_dict(self) -> dict:
        """Returns accuracy and confusion matrix as JSON types."""
        return {
            "accuracy": self.accuracy,
            "standard_error": self.standard_error,
            "confusion": self.confusion.tolist(),
        }


def classify_embeddings(
    embeddings: np.ndarray, labels: np.ndarray, centers: np.ndarray, *, metric: str = "euclidean"
) -> ClassificationResult:
    """Computes the accuracy of the nearest class center, and the confusion matrix.

    Args:
        embeddings: floats `[N, L]`.
        labels: class ids `[N]`, rows of `centers`.
        centers: floats `[C, L]`.
        metric: "euclidean" (as DCWH) or "cosine" (as vMF).

    Raises:
        InputError: arrays that do not fit, an unknown metric, a class id without a center.

    Example:

    >>> centers = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> classify_embeddings(np.array([[2.0, 1.0], [3.0, 4.0]]), np.array([0, 0]), centers).accuracy
    0.5
    """
    if metric not in METRICS:
        raise InputError(f"metric is {metric!r}; it must be 'euclidean' or 'cosine'.")
    cosine = metric == "cosine"
    embeddings = check_embeddings("embeddings", embeddings, for_cosine=cosine)
    centers = check_embeddings("centers", centers, for_cosine=cosine).astype(np.float64)
    check_same_width("embeddings", embeddings.shape[1], "centers", centers.shape[1])
    labels = _check_labels(labels, len(embeddings), len(centers))
    # Terms that are the same for every center cancel; an embedding's length is one of them.
    if cosine:
        centers = centers / np.linalg.norm(centers, axis=1, keepdims=True)
    constant = 0.0 if cosine else (centers * centers).sum(axis=1) / 2

    def distances() -> Iterator[np.ndarray]:
        for start in range(0, len(embeddings), _CHUNK_ROWS):
            yield constant - embeddings[start : start + _CHUNK_ROWS].astype(np.float64) @ centers.T

    return _classify(distances(), labels, len(centers))


def classify_codes(
    codes: np.ndarray,
    labels: np.ndarray,
    center_codes: np.ndarray,
    *,
    code_length: int | None = None,
) -> ClassificationResult:
    """Computes the accuracy of the nearest binarized class center by Hamming distance.

    Args:
        codes: packed codes, uint8 `[N, ceil(L / 8)]`.
        labels: class ids `[N]`, rows of `center_codes`.
        center_codes: packed codes of the centers, `pack_codes(centers)`.
        code_length: bits L of a code; without it every bit of the bytes counts.

    Raises:
        InputError: arrays that do not fit, a class id without a center.
    """
    codes, code_length = check_codes("codes", codes, code_length)
    center_codes, _ = check_codes("center_codes", center_codes, code_length)
    labels = _check_labels(labels, len(codes), len(center_codes))

    def distances() -> Iterator[np.ndarray]:
        for start in range(0, len(codes), _CHUNK_ROWS):
            yield hamming_distances(codes[start : start + _CHUNK_ROWS], center_codes, code_length)

    return _classify(distances(), labels, len(center_codes))


def _check_labels(labels: np.ndarray, rows: int, classes: int) -> np.ndarray:
    """Returns class ids, all of which have a center."""
    labels = check_class_ids("labels", labels, rows)
    if labels.max() >= classes:
        raise InputError(
            f"labels holds class {labels.max()}, but there are {classes} centers; class ids must "
            f"be 0 to {classes - 1}."
        )
    return labels


def _classify(
    distances: Iterator[np.ndarray], labels: np.ndarray, classes: int
) -> ClassificationResult:
    """Assigns every item to its nearest centers, chunk by chunk."""
    confusion, right, done = np.zeros((classes, classes)), np.empty(len(labels)), 0
    for chunk in distances:
        rows = slice(done, done + len(chunk))
        nearest = chunk == chunk.min(axis=1, keepdims=True)
        share = nearest / nearest.sum(axis=1, keepdims=True)
        np.add.at(confusion, labels[rows], share)
        right[rows] = share[np.arange(len(chunk)), labels[rows]]
        done = rows.stop
    items = confusion.sum(axis=1)
    per_class = np.where(items > 0, np.diagonal(confusion) / np.maximum(items, 1), np.nan)
    error = float(right.std(ddof=1) / np.sqrt(len(right))) if len(right) > 1 else None
    return ClassificationResult(float(right.mean()), error, confusion, per_class)
