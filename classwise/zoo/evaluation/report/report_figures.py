"""The figures of a report, each with what it says in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report import figures
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval.hamming_distances import hamming_distances

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ReportFigure:
    """A figure, the name of its file, its caption, and what it shows to whoever cannot see it."""

    name: str
    figure: Figure
    caption: str
    description: str


def report_figures(report: EvaluationReport) -> Iterator[ReportFigure]:
    """Yields the figures for which the report has what they need, in the order of the page."""
    names, result = report.class_names, report.result
    if report.neighbors is not None:
        labels, distances = report.neighbors[3], report.neighbors[4]
        right = (labels == report.neighbors[1][:, None]).sum()
        yield ReportFigure(
            "neighbours",
            figures.neighbor_sheet(*report.neighbors, class_names=names),
            f"Queries and their {distances.shape[1]} nearest database items. A tick and a solid "
            "frame mark the query's class, a cross and a dashed frame another one; the number is "
            "the Hamming distance. Items at the same distance are in the order of the database.",
            f"{len(labels)} queries with {distances.shape[1]} neighbors each; {right} of the "
            f"{labels.size} neighbors are of the query's class.",
        )
    curve, last = result.curve, min(2, result.code_length)
    yield ReportFigure(
        "precision_recall",
        figures.precision_recall_curves({report.title: curve}),
        "Precision and recall within every Hamming radius, averaged over queries; an empty ball "
        "has precision 0.",
        f"From precision {curve.precision[0]:.3f} at recall {curve.recall[0]:.3f} with radius 0, "
        f"and precision {curve.precision[last]:.3f} at recall {curve.recall[last]:.3f} with "
        f"radius {last}, to the whole database.",
    )
    if report.pair_distances is not None:
        same, different = report.pair_distances
        yield ReportFigure(
            "distances",
            figures.distance_histogram(same, different),
            "Hamming distances of all pairs of a query and a database item, in per cent of the "
            "pairs of either kind. The less they overlap, the better.",
            f"Mean distance {_mean_distance(same):.1f} bits within a class, "
            f"{_mean_distance(different):.1f} between classes.",
        )
    values = result.per_class["map"]
    yield ReportFigure(
        "classes",
        figures.class_bars(
            result.classes, values, result.metrics["map"].expected, class_names=names
        ),
        "Mean average precision of the queries of each class; the thin lines are the tie bands.",
        "The values are in the table of classes below.",
    )
    if report.embeddings is not None and report.centers.shape[1] > 1:
        yield ReportFigure(
            "embedding",
            figures.embedding_map(
                report.embeddings, report.embedding_labels, report.centers, names
            ),
            "The embedding, projected on the two directions in which the class centers (large "
            "marks) spread most.",
            f"A cloud of points for each of {len(report.centers)} classes around its center.",
        )
    if report.centers is not None and len(report.centers) > 1:
        centers, bits = pack_codes(report.centers), report.centers.shape[1]
        distances = hamming_distances(centers, centers, bits)
        apart = distances[~np.eye(len(centers), dtype=bool)]
        yield ReportFigure(
            "centers",
            figures.center_distances(distances, names),
            f"Hamming distances of the binarized class centers, of {bits} bits.",
            f"Two centers are {apart.min():.0f} to {apart.max():.0f} bits apart.",
        )
    for kind, classification in list(report.classifications.items())[:1]:
        yield ReportFigure(
            "confusion",
            figures.confusion_matrix(classification.confusion, names),
            f"Where the nearest class center ({kind}) puts the items of each class, in per cent.",
            f"{classification.accuracy:.1%} of the items lie on the diagonal, their own class.",
        )


def _mean_distance(pairs) -> float:
    return sum(distance * count for distance, count in enumerate(pairs)) / max(sum(pairs), 1)
