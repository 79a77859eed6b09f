"""The page of one model in a report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.report_figures import report_figures
from classwise.zoo.evaluation.report.report_page import write_page
from classwise.zoo.evaluation.report.report_tables import report_tables


def write_model_page(folder: Path, report: EvaluationReport) -> None:
    """Writes the model's page and its figures to the folder."""
    write_page(
        folder,
        "model.html",
        report_figures(report),
        title=report.title,
        headline=list(_headline(report)),
        measured=setting(report) | dict(report.facts),
        tables=list(report_tables(report)),
    )


def setting(report: EvaluationReport) -> dict[str, object]:
    """Returns what the queries were and what they were ranked against."""
    result = report.result
    protocol = [report.protocol, report.protocol_description]
    return {
        **({"protocol": ": ".join(filter(None, protocol))} if any(protocol) else {}),
        "queries": f"{result.queries:,}",
        "excluded queries": f"{result.excluded_queries:,} (no relevant item in the database)",
        "database": f"{result.database_size:,} items",
    }


def _headline(report: EvaluationReport) -> Iterator[tuple[str, str, str]]:
    """Yields the few numbers that a reader looks for first: names, values and notes."""
    value, bits = report.result.metrics["map"], report.result.code_length
    error = "" if value.standard_error is None else f"± {value.standard_error:.4f} standard error"
    yield "mAP", f"{value.expected:.4f}", error
    yield "tie band of the mAP", f"{value.worst:.4f} to {value.best:.4f}", "worst and best order"
    yield "code", f"{bits} bits", f"{-(-bits // 8)} bytes"
    for kind, classification in list(report.classifications.items())[:1]:
        yield "accuracy", f"{classification.accuracy:.4f}", f"nearest class center, {kind}"
