"""Evaluation of binary codes by Hamming ranking."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.distance_histograms import (
    DistinctItems,
    distance_histograms,
    leave_queries_out,
)
from classwise.zoo.retrieval.evaluation_input import check_request, check_sets
from classwise.zoo.retrieval.hits import zero_hits_at
from classwise.zoo.retrieval.inputs import database_or_the_others
from classwise.zoo.retrieval.metrics import metrics_of
from classwise.zoo.retrieval.retrieval_result import (
    ORDERS,
    MetricValue,
    PrecisionRecallCurve,
    RetrievalResult,
    class_means,
)

_ZERO_HITS = "zero_hits"


def evaluate_codes(
    query_codes: np.ndarray,
    query_labels: np.ndarray,
    database_codes: np.ndarray | None = None,
    database_labels: np.ndarray | None = None,
    *,
    leave_one_out: bool | None = None,
    code_length: int | None = None,
    top_k: Sequence[int] | None = None,
    radius: Sequence[int] | None = None,
    divisor: str = "min",
    progress: Callable[[int, int], None] | None = None,
) -> RetrievalResult:
    """Computes every Hamming metric of docs/METRICS.md, exactly and in one pass.

    Items at the same distance are tied: each value is the mean over all their orders, with the
    worst and the best order beside it. The order of the database changes no digit.

    Args:
        query_codes, database_codes: packed codes, uint8 `[N, ceil(L / 8)]`.
        query_labels, database_labels: class ids `[N]`, or multi-hot labels `[N, C]`; an item is
            relevant when it has a label in common with the query.
        leave_one_out: rank every query against all the others, itself left out. Defaults to True
            where no database is given, which may equal the queries otherwise.
        code_length: bits L of a code; without it every bit of the bytes counts.
        top_k: cut-offs K of the metrics that have one. Without it, those of 100 and 1,000 that
            the database (less the query) can fill.
        radius: Hamming radii 0..L of precision and recall within a ball. Without it, 2 (1 for
            codes of one bit).
        divisor: AP@K is divided by min(K, relevant items) ("min") or by the relevant items among
            the first K ("hits", as HashNet and DeepHash do).
        progress: called with (distinct queries done, distinct queries).

    Raises:
        InputError: codes, labels, cut-offs or radii that do not fit; no query has a relevant item.

    Example:

    >>> database = np.uint8([[0b0000], [0b0001], [0b0011], [0b1111]]) << 4
    >>> result = evaluate_codes(database[:1], np.array([0]), database, np.array([0, 0, 1, 1]),
    ...                         code_length=4, top_k=(4,))
    >>> result.metrics["map"].expected, result.metrics["precision@4"].expected
    (1.0, 0.5)

    Reference:
        McSherry and Najork, ECIR 2008 (expectation over ties).
    """
    database_codes, database_labels, leave_one_out = database_or_the_others(
        "codes", query_codes, query_labels, database_codes, database_labels, leave_one_out
    )
    query_codes, query_labels, database_codes, database_labels, code_length = check_sets(
        query_codes, query_labels, database_codes, database_labels, code_length
    )
    ranked = len(database_codes) - leave_one_out
    top_k, radius = check_request(
        top_k, radius, divisor, database_size=ranked, code_length=code_length
    )
    queries = DistinctItems.merge(query_codes, query_labels)
    database = DistinctItems.merge(database_codes, database_labels)
    distinct = len(queries.codes)
    values: dict[str, np.ndarray] = {}
    balls = np.zeros((2, code_length + 1))
    for block, histogram in distance_histograms(queries, database, code_length):
        if leave_one_out:
            leave_queries_out(histogram, queries.labels[block])
        kept = histogram[1].any(axis=1)
        rows, histogram = np.arange(block.start, block.stop)[kept], histogram[:, kept]
        ranking = CodeRanking(histogram[0], histogram[1:], divisor)
        balls += [(queries.counts[rows, None] * curve).sum(axis=0) for curve in ranking.balls]
        for name, value in _measured(ranking, top_k, radius, query_labels.ndim == 2):
            values.setdefault(name, np.full((3, distinct), np.nan))[:, rows] = value
        if progress is not None:
            progress(block.stop, distinct)

    per_query = {name: value[:, queries.kind] for name, value in values.items()}
    kept = np.isfinite(per_query["map"][0])
    if not kept.any():
        raise InputError(
            f"None of the {len(query_codes)} queries has a relevant item among the "
            f"{ranked} of the database; check that both use the same class ids."
        )
    zero_hits = {str(k): per_query.pop(f"{_ZERO_HITS}@{k}")[:, kept].sum(axis=1) for k in top_k}
    classes, per_class = class_means(per_query, query_labels)
    return RetrievalResult(
        queries=len(query_codes),
        excluded_queries=int(np.count_nonzero(~kept)),
        zero_hit_queries={
            k: dict(zip(ORDERS, map(float, counts), strict=True)) for k, counts in zero_hits.items()
        },
        metrics={name: MetricValue.mean(value[:, kept]) for name, value in per_query.items()},
        per_query=per_query,
        classes=classes,
        per_class=per_class,
        curve=PrecisionRecallCurve(np.arange(code_length + 1), *balls / kept.sum()),
        code_length=code_length,
        database_size=len(database_codes),
        divisor=divisor,
        leave_one_out=leave_one_out,
    )


def _measured(
    ranking: CodeRanking, top_k: Sequence[int], radius: Sequence[int], multi_hot: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Yields every metric of codes by its name in results, `[3, Q]` each."""
    for metric in metrics_of("codes"):
        yield metric.name, metric.function(ranking)
    for parameter, given in (("k", top_k), ("radius", radius)):
        for value in given:
            for metric in metrics_of("codes", parameter):
                if multi_hot or not metric.multi_hot_only:
                    yield metric.named(value), metric.function(ranking, value)
    for k in top_k:
        yield f"{_ZERO_HITS}@{k}", zero_hits_at(ranking.head(k), k)
