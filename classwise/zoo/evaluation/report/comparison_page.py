"""The page of a report that sets several models beside each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from classwise.zoo.evaluation.report import figures
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.model_page import setting
from classwise.zoo.evaluation.report.report_figures import ReportFigure
from classwise.zoo.evaluation.report.report_page import write_page
from classwise.zoo.evaluation.report.report_tables import ReportTable
from classwise.zoo.foundation.printing import four_digits
from classwise.zoo.retrieval.metrics import metric_title
from classwise.zoo.retrieval.retrieval_result import MetricValue


def write_comparison_page(
    folder: Path, reports: Sequence[EvaluationReport], names: Sequence[str], links: Sequence[str]
) -> None:
    """Writes the page of the comparison and its figures to the folder.

    Args:
        folder: of the page.
        reports: of the models, at most seven.
        names: a short name of each; links: from the page to that of the model.
    """
    write_page(
        folder,
        "comparison.html",
        comparison_figures(reports, names),
        title=f"{len(reports)} models compared",
        ranking=_ranking(reports, names, links),
        measured=_common_setting(reports),
        metrics=_all_metrics(reports, names),
    )


def comparison_figures(
    reports: Sequence[EvaluationReport], names: Sequence[str]
) -> Iterator[ReportFigure]:
    """Yields the precision-recall curves and, where the code lengths differ, mAP against them."""
    results = [report.result for report in reports]
    best = max(range(len(reports)), key=lambda i: results[i].metrics["map"].expected)
    yield ReportFigure(
        "precision_recall",
        figures.precision_recall_curves(
            {name: result.curve for name, result in zip(names, results, strict=True)}
        ),
        "Precision and recall within every Hamming radius, averaged over queries; an empty ball "
        "has precision 0.",
        f"A curve for each of {len(reports)} models; {names[best]} has the highest mAP.",
    )
    lengths = {result.code_length for result in results}
    if len(lengths) > 1:
        yield ReportFigure(
            "map_by_code_length",
            figures.map_by_code_length(series_by_code_length(reports, names)),
            "Mean average precision against the length of the codes. Bars are two standard errors "
            "over queries each way, shaded bands what the worst and the best order inside ties "
            "give.",
            f"Codes of {', '.join(map(str, sorted(lengths)))} bits; the values are in the table "
            "of results.",
        )


def series_by_code_length(
    reports: Sequence[EvaluationReport], names: Sequence[str]
) -> dict[str, dict[int, MetricValue]]:
    """Returns the mAP by code length of models whose names differ in nothing but that number."""
    series: dict[str, dict[int, MetricValue]] = {}
    for report, name in zip(reports, names, strict=True):
        bits = report.result.code_length
        family = re.sub(rf"[-_. ]?(?<!\d){bits}(?!\d)", "", name).strip("-_. ") or name
        if bits in series.get(family, {}):
            family = name
        series.setdefault(family, {})[bits] = report.result.metrics["map"]
    return series


def _ranking(
    reports: Sequence[EvaluationReport], names: Sequence[str], links: Sequence[str]
) -> ReportTable:
    rows = []
    for report, name in zip(reports, names, strict=True):
        value = report.result.metrics["map"]
        values = value.expected, value.standard_error, value.worst, value.best
        rows.append((name, f"{report.result.code_length} bits", *map(four_digits, values)))
    return ReportTable(
        "Mean average precision (mAP)",
        ("Model", "Code", "Expected", "Standard error", "Worst order", "Best order"),
        rows,
        "Ranked by Hamming distance. Items at the same distance are tied. Expected is the mean "
        "over all their orders, beside it what the worst and the best order give; the standard "
        "error is over queries.",
        tuple(links),
    )


def _all_metrics(reports: Sequence[EvaluationReport], names: Sequence[str]) -> ReportTable:
    """Every metric that all models have; of each its expected value."""
    columns = [_values(report) for report in reports]
    shared = [name for name in columns[0] if all(name in column for column in columns)]
    return ReportTable(
        "Every metric, expected over orders inside ties",
        ("Metric", *names),
        [(name, *(four_digits(column[name]) for column in columns)) for name in shared],
    )


def _values(report: EvaluationReport) -> dict[str, float]:
    values = {metric_title(name): v.expected for name, v in report.result.metrics.items()}
    if report.embedding_result is not None:
        metrics = report.embedding_result.metrics
        values |= {f"{metric_title(name)}, cosine": v["value"] for name, v in metrics.items()}
    for kind, classification in report.classifications.items():
        values[f"Accuracy of the nearest class center, {kind}"] = classification.accuracy
    return values


def _common_setting(reports: Sequence[EvaluationReport]) -> dict[str, object]:
    """What all models have in common; else, model by model."""
    settings = [setting(report) for report in reports]
    return {
        name: fact if all(s.get(name) == fact for s in settings) else "differs: see each model"
        for name, fact in settings[0].items()
    }
