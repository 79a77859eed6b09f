"""Evaluation of real-valued embeddings by cosine similarity."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.inputs import (
    check_class_ids,
    check_cut_offs,
    check_same_width,
    database_or_the_others,
)
from classwise.zoo.retrieval.metrics import metrics_of
from classwise.zoo.retrieval.retrieval_result import class_means
from classwise.zoo.retrieval.unit_vectors import unit_vectors

# Similarities held at once, 64 MiB of float32; sorting them takes a few times as much.
CHUNK_PAIRS = 1 << 24


@dataclass(frozen=True)
class EmbeddingResult:
    """Metrics of real-valued embeddings.

    Args:
        queries: queries given, the excluded ones included.
        excluded_queries: queries without any relevant item in the database, in no average.
        leave_one_out: whether every query was left out of its own ranking.
        metrics: by name ("recall@1", "r_precision", "map@r", "nmi"), `value` and its
            `standard_error` over queries (None for NMI, and with a single query).
        per_query: by name, float64 `[queries]`, NaN where excluded.
        classes: class ids of the queries, `[C]`.
        per_class: by name, float64 `[C]`, NaN where all queries of the class are excluded.
    """

    queries: int
    excluded_queries: int
    leave_one_out: bool
    metrics: dict[str, dict[str, float | None]]
    per_query: dict[str, np.ndarray] = field(repr=False)
    classes: np.ndarray = field(repr=False)
    per_class: dict[str, np.ndarray] = field(repr=False)

    def to_dict(self) -> dict:
        """Returns counts and overall metrics as JSON types."""
        return {
            "queries": self.queries,
            "excluded_queries": self.excluded_queries,
            "leave_one_out": self.leave_one_out,
            "metrics": {name: dict(value) for name, value in self.metrics.items()},
        }


def evaluate_embeddings(
    query_embeddings: np.ndarray,
    query_labels: np.ndarray,
    database_embeddings: np.ndarray | None = None,
    database_labels: np.ndarray | None = None,
    *,
    leave_one_out: bool | None = None,
    recall_at: Sequence[int] | None = None,
    nmi: bool = True,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> EmbeddingResult:
    """Computes Recall@K, R-precision, MAP@R and NMI by cosine similarity, chunk by chunk.

    Similarities are float32. Two items are tied when these are exactly equal, and then the
    irrelevant one ranks first: a collapsed embedding gains nothing from its ties.

    Args:
        query_embeddings: floats `[Q, L]`, of any length but zero.
        query_labels: class ids `[Q]`.
        database_embeddings, database_labels: floats `[N, L]` and class ids `[N]`.
        leave_one_out: rank every query against all the others, itself left out. Defaults to True
            where no database is given, or one that equals the queries.
        recall_at: cut-offs K: Recall@K is the share of queries with a relevant item among the
            first K. Without it, those of 1, 2, 4 and 8 that the database can fill.
        nmi: whether to cluster the queries too, by k-means (k = their classes; scikit-learn).
        seed: of k-means.
        progress: called with (queries done, queries).

    Raises:
        InputError: embeddings, labels or cut-offs that do not fit; no query has a relevant item.

    Example:

    >>> embeddings = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.8, 0.2]])
    >>> result = evaluate_embeddings(embeddings, np.array([0, 0, 1, 1]), recall_at=(1,), nmi=False)
    >>> result.metrics["recall@1"]["value"]
    0.75

    Reference:
        R-precision and MAP@R: Musgrave et al., A metric learning reality check, arXiv 2003.08505.
    """
    queries = unit_vectors("query_embeddings", query_embeddings)
    query_labels = check_class_ids("query_labels", query_labels, len(queries))
    given = database_embeddings is not None
    database_embeddings, database_labels, alone = database_or_the_others(
        "embeddings",
        query_embeddings,
        query_labels,
        database_embeddings,
        database_labels,
        leave_one_out,
    )
    database = queries
    if given:
        database = unit_vectors("database_embeddings", database_embeddings)
        database_labels = check_class_ids("database_labels", database_labels, len(database))
        check_same_width(
            "query_embeddings", queries.shape[1], "database_embeddings", database.shape[1]
        )
        if leave_one_out is None:
            alone = np.array_equal(queries, database) and np.array_equal(
                query_labels, database_labels
            )
    ranked = len(database) - alone
    if recall_at is None:
        recall_at = [k for k in (1, 2, 4, 8) if k <= ranked]
    recall_at = check_cut_offs("recall_at", recall_at, ranked)

    at_cut_offs, whole = metrics_of("embeddings", "k"), metrics_of("embeddings")
    asked: list[tuple[str, Callable, tuple[int, ...]]]
    asked = [(m.named(k), m.function, (k,)) for k in recall_at for m in at_cut_offs]
    asked += [(m.name, m.function, ()) for m in whole]
    values, done = np.full((len(asked), len(queries)), np.nan), 0
    depth = max(recall_at, default=1)
    for rows, ranks in _relevant_ranks(
        queries, query_labels, database, database_labels, alone, depth
    ):
        if ranks.shape[1]:
            values[:, rows] = np.stack([function(ranks, *k) for _, function, k in asked])
        done += len(rows)
        if progress is not None:
            progress(done, len(queries))

    kept = np.isfinite(values[-1])
    if not kept.any():
        raise InputError(
            f"None of the {len(queries)} queries has another item of its class among the "
            f"{len(database)} of the database; check that both use the same class ids."
        )
    per_query = dict(zip((name for name, *_ in asked), values, strict=True))
    classes, per_class = class_means({n: v[None] for n, v in per_query.items()}, query_labels)
    metrics = {name: _mean(value[kept]) for name, value in per_query.items()}
    for metric in metrics_of("clusters") if nmi else ():
        score = metric.function(queries, query_labels, seed=seed)
        metrics[metric.name] = {"value": score, "standard_error": None}
    return EmbeddingResult(
        queries=len(queries),
        excluded_queries=int(np.count_nonzero(~kept)),
        leave_one_out=alone,
        metrics=metrics,
        per_query=per_query,
        classes=classes,
        per_class={name: value[0] for name, value in per_class.items()},
    )


def _relevant_ranks(
    queries: np.ndarray,
    query_labels: np.ndarray,
    database: np.ndarray,
    database_labels: np.ndarray,
    leave_one_out: bool,
    depth: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields query rows of one class, and the ranks of all R relevant items, `[rows, R]`.

    Ranks rise along a row. Beyond max(R, depth) a rank is only known to be beyond.
    """
    # With the database ordered by class, the relevant items are one slice.
    order = np.argsort(database_labels, kind="stable")
    database, sorted_labels = database[order], database_labels[order]
    position = np.argsort(order)  # of a query in the ordered database, for leave-one-out
    chunk = max(1, CHUNK_PAIRS // len(database))
    for label in np.unique(query_labels):
        members = np.flatnonzero(query_labels == label)
        relevant = slice(*np.searchsorted(sorted_labels, [label, label + 1]))
        count = relevant.stop - relevant.start - leave_one_out
        for start in range(0, len(members), chunk):
            rows = members[start : start + chunk]
            if count == 0:
                yield rows, np.empty((len(rows), 0))
                continue
            similarity = queries[rows] @ database.T
            if leave_one_out:
                similarity[np.arange(len(rows)), position[rows]] = -np.inf
            yield rows, _ranks(similarity, relevant, count, max(count, depth))


def _ranks(similarity: np.ndarray, relevant: slice, count: int, depth: int) -> np.ndarray:
    """Ranks of the `count` most similar relevant items, an irrelevant one first in a tie."""
    # Negated, an ascending sort puts the most similar first.
    distances = np.negative(similarity, out=similarity)
    hits = np.sort(distances[:, relevant], axis=1)[:, :count]
    distances[:, relevant] = np.inf
    # More than `depth` irrelevant items ahead put a hit beyond depth, however many they are.
    depth = min(depth, distances.shape[1])
    misses = distances
    if depth < distances.shape[1]:
        misses = np.partition(distances, depth - 1, axis=1)[:, :depth]
    misses = np.sort(misses, axis=1)
    ahead = [np.searchsorted(m, h, side="right") for m, h in zip(misses, hits, strict=True)]
    return np.stack(ahead) + np.arange(1, count + 1)


def _mean(per_query: np.ndarray) -> dict[str, float | None]:
    """Mean over queries with its standard error."""
    queries = len(per_query)
    error = float(per_query.std(ddof=1) / np.sqrt(queries)) if queries > 1 else None
    return {"value": float(per_query.mean()), "standard_error": error}
