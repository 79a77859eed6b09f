"""What an evaluation of codes returns."""

from dataclasses import dataclass, field

import numpy as np

ORDERS = ("expected", "worst", "best")


@dataclass(frozen=True)
class MetricValue:
    """The mean of a metric over queries: over all orders inside ties, worst and best order.

    `standard_error` is that of the expected value, over queries; None with a single query.
    """

    expected: float
    worst: float
    best: float
    standard_error: float | None

    @classmethod
    def mean(cls, per_query: np.ndarray) -> "MetricValue":
        """Averages float64 `[3, Q]` over the queries."""
        per_query = np.ascontiguousarray(per_query)  # its rows are then summed pairwise
        queries = per_query.shape[1]
        error = per_query[0].std(ddof=1) / np.sqrt(queries) if queries > 1 else None
        expected, worst, best = map(float, per_query.mean(axis=1))
        return cls(expected, worst, best, None if error is None else float(error))


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Precision and recall within each Hamming radius 0..L, averaged over queries."""

    radius: np.ndarray
    precision: np.ndarray
    recall: np.ndarray


@dataclass(frozen=True)
class RetrievalResult:
    """Hamming metrics of one set of queries against one database.

    Args:
        queries: queries given, the excluded ones included.
        excluded_queries: queries without any relevant item in the database, in no average.
        zero_hit_queries: by cut-off ("100"), how many queries have no relevant item that high:
            on average over orders inside ties, in the worst and in the best order. They count 0.
        metrics: by name ("map", "map@100", "precision_within_radius_2", ...), over all queries.
        per_query: by name, float64 `[3, queries]` (expected, worst, best), NaN where excluded.
        classes: class ids (or columns of multi-hot labels) that the queries carry, `[C]`.
        per_class: by name, float64 `[3, C]`, the mean over the queries that carry the class; NaN
            where all of them are excluded.
        curve: the precision-recall curve by radius.
        code_length: bits. database_size: items. divisor: that of AP@K.
        leave_one_out: whether every query was left out of its own ranking.
    """

    queries: int
    excluded_queries: int
    zero_hit_queries: dict[str, dict[str, float]]
    metrics: dict[str, MetricValue]
    per_query: dict[str, np.ndarray] = field(repr=False)
    classes: np.ndarray = field(repr=False)
    per_class: dict[str, np.ndarray] = field(repr=False)
    curve: PrecisionRecallCurve = field(repr=False)
    code_length: int
    database_size: int
    divisor: str
    leave_one_out: bool = False

    def to_dict(self) -> dict:
        """Returns counts and overall metrics as JSON types."""
        return {
            "queries": self.queries,
            "excluded_queries": self.excluded_queries,
            "leave_one_out": self.leave_one_out,
            "zero_hit_queries": self.zero_hit_queries,
            "metrics": {name: vars(value).copy() for name, value in self.metrics.items()},
        }


def class_means(
    per_query: dict[str, np.ndarray], labels: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Averages per-query values `[3, Q]` over the queries of each class that occurs, `[3, C]`.

    NaN marks an excluded query; a class with nothing but those gets NaN.
    """
    if labels.ndim == 1:
        classes = np.unique(labels)
        members = [np.flatnonzero(labels == label) for label in classes]
    else:
        classes = np.flatnonzero(labels.any(axis=0))
        members = [np.flatnonzero(labels[:, label]) for label in classes]
    values = np.stack(list(per_query.values()))
    kept = np.isfinite(values[0, 0])
    means = np.full((*values.shape[:2], len(classes)), np.nan)
    for column, rows in enumerate(members):
        if kept[rows].any():
            means[:, :, column] = values[:, :, rows[kept[rows]]].mean(axis=2)
    return classes, dict(zip(per_query, means, strict=True))
