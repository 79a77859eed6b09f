"""What can be known of codes without labels."""

from __future__ import annotations

import dataclasses

import numpy as np

from classwise.zoo.fitting.nearest_vectors import without_itself
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.fitting.teacher_codes import evenly
from classwise.zoo.foundation.extras import require
from classwise.zoo.retrieval.code_statistics import code_statistics
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.retrieval.hamming_distances import hamming_distances

NEIGHBORS = 10
DEPTHS = (10, 100)
# More queries move no digit that is printed.
MOST_QUERIES = 1000
CHUNK = 250
# Features in float32 at a time.
MOST_AT_ONCE = 65_536


@dataclasses.dataclass(frozen=True)
class LabelFreeQuality:
    """How well codes keep what the features say, and how well they use their bits.

    Args:
        photos: N.
        queries: photos that asked.
        recall: by depth "10" and "100", the share of the ten nearest by the features' cosine that
            is among so many nearest codes, on average over all orders of equal distances.
        imbalance: mean over bits of |share of ones - .5|.
        correlation: mean over pairs of bits of |Pearson correlation|.
        shared_codes: share of the photos whose code another one has.
        distinct_codes: different codes.
    """

    photos: int
    queries: int
    recall: dict[str, float]
    imbalance: float
    correlation: float
    shared_codes: float
    distinct_codes: int

    def to_dict(self) -> dict:
        """Returns it as JSON types."""
        return dataclasses.asdict(self)


def label_free_quality(
    features: np.ndarray, codes: np.ndarray, code_length: int
) -> LabelFreeQuality:
    """Computes what can be known of codes without labels.

    Args:
        features: of the photos, `[N, D]`, N above 10.
        codes: packed codes of the photos, uint8 `[N, ceil(L / 8)]`.
        code_length: L.

    Example:

    >>> random = np.random.default_rng(0)
    >>> features = random.normal(size=(50, 20))
    >>> found = label_free_quality(features, np.packbits(features > 0, axis=1), 20)
    >>> found.queries, found.distinct_codes, found.shared_codes, found.recall["100"]
    (50, 50, 0.0, 1.0)
    """
    statistics = code_statistics(codes, code_length=code_length).to_dict()
    _, _, counts = distinct_rows(codes)
    queries = evenly(len(codes), MOST_QUERIES)
    near = nearest_features(features, queries)
    recall = np.zeros(len(DEPTHS))
    for start in range(0, len(queries), CHUNK):
        rows = slice(start, start + CHUNK)
        distances = hamming_distances(codes[queries[rows]], codes, code_length).astype(int)
        distances[np.arange(len(distances)), queries[rows]] = code_length + 1  # never itself
        recall += [found_within(distances, near[rows], depth).sum() for depth in DEPTHS]
    return LabelFreeQuality(
        photos=len(codes),
        queries=len(queries),
        recall=dict(zip(map(str, DEPTHS), (recall / near.size).tolist(), strict=True)),
        imbalance=statistics["bit_imbalance"]["mean"],
        correlation=statistics["bit_correlation"]["mean"],
        shared_codes=float(counts[counts > 1].sum() / len(codes)),
        distinct_codes=statistics["distinct_codes"],
    )


def nearest_features(features: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Returns the ten nearest others of some photos by cosine, exactly; positions `[Q, 10]`."""
    faiss = require("faiss", "fit")
    asking = unit_length(features[queries].astype(np.float32))
    best = np.full((len(queries), 0), -np.inf, np.float32), np.empty((len(queries), 0), np.int64)
    for start in range(0, len(features), MOST_AT_ONCE):
        part = unit_length(features[start : start + MOST_AT_ONCE].astype(np.float32))
        similarities, positions = faiss.knn(
            asking, part, min(NEIGHBORS + 1, len(part)), metric=faiss.METRIC_INNER_PRODUCT
        )
        similarities = np.hstack([best[0], similarities])
        positions = np.hstack([best[1], positions + start])
        first = np.argsort(-similarities, axis=1, kind="stable")[:, : NEIGHBORS + 1]
        best = tuple(np.take_along_axis(each, first, axis=1) for each in (similarities, positions))
    return without_itself(best[1], best[0], queries)[0]


def found_within(distances: np.ndarray, wanted: np.ndarray, depth: int) -> np.ndarray:
    """Computes how many of the wanted are among the first `depth`, expected over ties; `[Q]`.

    Args:
        distances: integers `[Q, N]`, that of a query to itself beyond all others.
        wanted: positions `[Q, k]`.
        depth: above 0.
    """
    depth = min(depth, distances.shape[1] - 1)
    edge = np.partition(distances, depth - 1, axis=1)[:, depth - 1 : depth]
    before = (distances < edge).sum(axis=1, keepdims=True)
    tied = (distances == edge).sum(axis=1, keepdims=True)
    own = np.take_along_axis(distances, wanted, axis=1)
    return np.where(own < edge, 1.0, np.where(own == edge, (depth - before) / tied, 0.0)).sum(
        axis=1
    )
