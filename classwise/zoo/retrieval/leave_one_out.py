"""Every item asks all the others: the same metrics of codes and of vectors, ties and all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.code_ranking import CodeRanking
from classwise.zoo.retrieval.distance_histograms import (
    DistinctItems,
    distance_histograms,
    leave_queries_out,
)
from classwise.zoo.retrieval.inputs import check_class_ids, check_codes, check_cut_offs
from classwise.zoo.retrieval.metrics import find_metric, metrics_of
from classwise.zoo.retrieval.retrieval_result import MetricValue
from classwise.zoo.retrieval.unit_vectors import unit_vectors

RECALL_AT = (1, 2, 4, 8)
# Similarities held at once, 16 MiB of float32.
CHUNK_PAIRS = 1 << 22
Block = tuple[np.ndarray, CodeRanking]


@dataclass(frozen=True)
class LeaveOneOutResult:
    """Metrics of items that each asked all the others.

    Args:
        queries: items given; excluded_queries: those that are alone in their class, in no average.
        metrics: by name, as `metrics_of("rankings")` and `"clusters"` have them; a metric of
            clusters has no band and no standard error.
    """

    queries: int
    excluded_queries: int
    metrics: dict[str, MetricValue]

    def to_dict(self) -> dict:
        """Returns counts and metrics as JSON types."""
        return {
            "queries": self.queries,
            "excluded_queries": self.excluded_queries,
            "metrics": {name: vars(value).copy() for name, value in self.metrics.items()},
        }


@dataclass(frozen=True)
class RankedCodes:
    """Packed codes, uint8 `[N, ceil(L / 8)]`, ranked by Hamming distance."""

    codes: np.ndarray
    code_length: int

    @cached_property
    def vectors(self) -> np.ndarray:
        """The bits as signs, scaled to length 1: what clusters are made of."""
        bits = np.unpackbits(self.codes, axis=1, count=self.code_length)
        return ((2.0 * bits - 1) / np.sqrt(self.code_length)).astype(np.float32)

    def rankings(self, labels: np.ndarray) -> Iterator[Block]:
        """Yields positions of items with others of their class, and how these rank the others."""
        codes, length = check_codes("codes", self.codes, self.code_length)
        items = DistinctItems.merge(codes, labels)
        order = np.argsort(items.kind, kind="stable")
        starts = np.concatenate([[0], np.cumsum(items.counts)])
        for block, histogram in distance_histograms(items, items, length):
            leave_queries_out(histogram, items.labels[block])
            # Items with the same code and label rank alike.
            found = np.repeat(np.arange(block.start, block.stop), items.counts[block])
            kept = histogram[1].any(axis=1)[found - block.start]
            rows = order[starts[block.start] : starts[block.stop]][kept]
            chosen = histogram[:, (found - block.start)[kept]]
            if len(rows):
                yield rows, CodeRanking(chosen[0], chosen[1:])


@dataclass(frozen=True)
class RankedVectors:
    """Vectors, floats `[N, F]`, ranked by cosine similarity in float32; equal ones are tied."""

    given: np.ndarray

    @cached_property
    def vectors(self) -> np.ndarray:
        """The vectors, scaled to length 1."""
        return unit_vectors("vectors", self.given)

    def rankings(self, labels: np.ndarray) -> Iterator[Block]:
        """Yields positions of items with others of their class, and how these rank the others."""
        chunk = max(1, CHUNK_PAIRS // len(labels))
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            for start in range(0, len(members) if len(members) > 1 else 0, chunk):
                rows = members[start : start + chunk]
                far = -(self.vectors[rows] @ self.vectors.T)
                far[np.arange(len(rows)), rows] = np.inf  # itself is behind all others
                near = np.sort(far[:, members], axis=1)[:, :-1]
                yield rows, tied(np.sort(far, axis=1)[:, :-1], near)


def tied(distances: np.ndarray, relevant: np.ndarray) -> CodeRanking:
    """Returns the ranking by distances, given those of all items and of the relevant ones.

    What lies between two distances of relevant items holds none, so that its order changes no
    metric: it counts as one tie group.

    Args:
        distances: to the items, `[Q, N]`, rising.
        relevant: to the relevant ones among them, `[Q, R]`, rising.

    Example:

    >>> ranking = tied(np.array([[1, 2, 2, 5, 6, 7]]), np.array([[2, 6]]))
    >>> ranking.items.tolist(), ranking.at_least[0].tolist()
    ([[1.0, 2.0, 1.0, 1.0, 1.0]], [[0.0, 1.0, 0.0, 1.0, 0.0]])
    """
    queries, count = relevant.shape
    items, hits = np.zeros((2, queries, 2 * count + 1))
    for row in range(queries):
        values, times = np.unique(relevant[row], return_counts=True)
        bounds = np.stack(
            [np.searchsorted(distances[row], values, side) for side in ("left", "right")], axis=1
        )
        edges = [0, *bounds.ravel(), distances.shape[1]]
        items[row, : len(edges) - 1] = np.diff(edges)
        hits[row, 1 : 2 * len(values) : 2] = times
    return CodeRanking(items, hits[None])


def evaluate_leave_one_out(
    items: RankedCodes | RankedVectors,
    labels: np.ndarray,
    *,
    recall_at: Sequence[int] | None = None,
    group: int | None = None,
    nmi: bool = True,
    seed: int = 0,
) -> LeaveOneOutResult:
    """Computes mAP, R@K, MAP@R and NMI, where every item asks all the others.

    Itself is never an answer, by position: copies of it are. Items at one distance are tied, and a
    value is the mean over all their orders, with the worst and the best order beside it.

    Args:
        items: codes or vectors.
        labels: class ids `[N]`.
        recall_at: cut-offs K. Defaults to those of 1, 2, 4 and 8 that the others can fill.
        group: images a class, where the score of UKBench is wanted. Defaults to None: it is not.
        nmi: whether to cluster too, by k-means (k = classes).
        seed: of k-means.

    Raises:
        InputError: labels or cut-offs do not fit; no item has another one of its class.

    Example:

    >>> codes = np.uint8([[0b0000], [0b0001], [0b1110], [0b1111]]) << 4
    >>> found = evaluate_leave_one_out(RankedCodes(codes, 4), np.array([0, 0, 1, 1]), nmi=False)
    >>> found.metrics["recall@1"].expected
    1.0
    """
    count = len(items.vectors)
    labels = check_class_ids("labels", labels, count)
    if recall_at is None:
        recall_at = [k for k in RECALL_AT if k < count]
    recall_at = check_cut_offs("recall_at", recall_at, count - 1)
    asked: list[tuple[str, Callable, tuple[int, ...]]]
    asked = [(m.name, m.function, ()) for m in metrics_of("rankings")]
    asked += [
        (m.named(k), m.function, (k,)) for k in recall_at for m in metrics_of("rankings", "k")
    ]
    if group is not None:
        asked += [(m.named(group), m.function, (group,)) for m in metrics_of("rankings", "group")]
    values = np.full((len(asked), 3, count), np.nan)
    for rows, ranking in items.rankings(labels):
        values[:, :, rows] = np.stack([function(ranking, *given) for _, function, given in asked])
    kept = np.isfinite(values[0, 0])
    if not kept.any():
        raise InputError(
            f"None of the {count} items has another one of its class; check their classes."
        )
    metrics = {
        name: MetricValue.mean(value[:, kept])
        for (name, *_), value in zip(asked, values, strict=True)
    }
    for metric in metrics_of("clusters") if nmi else ():
        # On a busy machine, threads that wait for each other at every step take ten times as long.
        with threadpool_limits(1):
            score = metric.function(items.vectors, labels, seed=seed)
        metrics[metric.name] = MetricValue(score, score, score, None)
    return LeaveOneOutResult(count, int(np.count_nonzero(~kept)), metrics)


def leave_one_out_title(name: str) -> str:
    """Returns what papers call a metric of `LeaveOneOutResult`.

    Example:

    >>> leave_one_out_title("recall@1"), leave_one_out_title("nmi")
    ('R@1', 'NMI')
    """
    clusters = any(metric.match(name) for metric in metrics_of("clusters"))
    return str(find_metric(name, "clusters" if clusters else "rankings").match(name))
