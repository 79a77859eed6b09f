"""The tables of a report: rows of text, rounded for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.foundation.printing import four_digits
from classwise.zoo.retrieval.code_statistics import CodeStatistics
from classwise.zoo.retrieval.leave_one_out import LeaveOneOutResult, leave_one_out_title
from classwise.zoo.retrieval.metrics import find_metric, metric_title
from classwise.zoo.retrieval.retrieval_result import ORDERS, RetrievalResult


@dataclass(frozen=True)
class ReportTable:
    """A table whose first column holds the headers of its rows; `links` leads each somewhere."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    links: tuple[str, ...] = ()


def report_tables(report: EvaluationReport) -> Iterator[ReportTable]:
    """Yields the tables for which the report has results, in the order of the page."""
    yield _metrics(report.result)
    if report.beside_baselines:
        yield _baselines(report.beside_baselines)
    if report.result.zero_hit_queries:
        yield _zero_hits(report.result)
    if report.embedding_result is not None:
        metrics = report.embedding_result.metrics
        yield ReportTable(
            "Ranking by cosine similarity of the embeddings",
            ("Metric", "Value", "Standard error"),
            [
                (metric_title(name), four_digits(v["value"]), four_digits(v["standard_error"]))
                for name, v in metrics.items()
            ],
            "Each query is left out of its own ranking."
            if report.embedding_result.leave_one_out
            else "",
        )
    if report.classifications:
        yield ReportTable(
            "Classification by the nearest class center",
            ("Distance", "Accuracy", "Standard error"),
            [
                (kind, four_digits(value.accuracy), four_digits(value.standard_error))
                for kind, value in report.classifications.items()
            ],
        )
    if report.code_statistics is not None:
        yield _codes(report.code_statistics)
    yield _classes(report)


def _metrics(result: RetrievalResult) -> ReportTable:
    rows = [
        (metric_title(name), *map(four_digits, (v.expected, v.standard_error, v.worst, v.best)))
        for name, v in result.metrics.items()
    ]
    divisor = {"min": "min(K, relevant items)", "hits": "the relevant items among the first K"}
    return ReportTable(
        "Ranking by Hamming distance",
        ("Metric", "Expected", "Standard error", "Worst order", "Best order"),
        rows,
        "Items at the same distance are tied. Expected is the mean over all their orders, beside "
        "it what the worst and the best order give; the standard error is over queries. AP@K is "
        f"divided by {divisor[result.divisor]}.",
    )


def _baselines(results: Mapping[str, LeaveOneOutResult]) -> ReportTable:
    names = list(next(iter(results.values())).metrics)
    return ReportTable(
        "Beside baselines of the same images",
        ("Ranked by", *map(leave_one_out_title, names)),
        [
            (title, *(four_digits(result.metrics[name].expected) for name in names))
            for title, result in results.items()
        ],
        "Every image asks all the others. R@K is the share of queries with a relevant image among "
        "the first K, expected over orders inside ties; mAP@R ends at as many ranks as a query has "
        "relevant images; NMI compares k-means clusters with the classes.",
    )


def _zero_hits(result: RetrievalResult) -> ReportTable:
    return ReportTable(
        "Queries without a relevant item among the first K",
        ("Cut-off", *(order.capitalize() for order in ORDERS)),
        [
            (f"K = {k}", *(f"{counts[order]:,.1f}".removesuffix(".0") for order in ORDERS))
            for k, counts in result.zero_hit_queries.items()
        ],
        "They count 0 in every metric with that cut-off.",
    )


def _codes(statistics: CodeStatistics) -> ReportTable:
    values = statistics.to_dict()
    imbalance, correlation = values["bit_imbalance"], values["bit_correlation"]
    rows = [
        ("Database codes", f"{statistics.codes:,}"),
        ("Distinct codes", f"{statistics.distinct_codes:,}"),
        ("Constant bits", str(statistics.constant_bits)),
        ("Distance of a bit's mean from 0.5, mean", four_digits(imbalance["mean"])),
        ("Distance of a bit's mean from 0.5, largest", four_digits(imbalance["maximum"])),
        ("Correlation of two bits, mean", four_digits(correlation["mean"])),
        ("Correlation of two bits, largest", four_digits(correlation["maximum"])),
    ]
    if statistics.queries_within_radius_2 is not None:
        share = f"{statistics.queries_within_radius_2:.2%}"
        rows.append(("Queries with a database code within radius 2", share))
    if statistics.center_distance_minimum is not None:
        minimum, mean = statistics.center_distance_minimum, statistics.center_distance_mean
        rows.append(("Distance of two class centers, smallest", f"{minimum} bits"))
        rows.append(("Distance of two class centers, mean", f"{mean:.2f} bits"))
    return ReportTable("Statistics of the codes", ("Statistic", "Value"), rows)


def _classes(report: EvaluationReport) -> ReportTable:
    result = report.result
    shown = [name for name in result.per_class if find_metric(name, "codes").by_class]
    names = [
        report.class_names[c] if report.class_names else str(c) for c in map(int, result.classes)
    ]
    values = np.stack([result.per_class[name][0] for name in shown], axis=1)
    return ReportTable(
        "Class by class",
        ("Class", *map(metric_title, shown)),
        [(name, *map(four_digits, row)) for name, row in zip(names, values, strict=True)],
        "Expected over orders inside ties. A dash marks a class without relevant items.",
    )
