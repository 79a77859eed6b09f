"""The page of one model in a report."""

from __future__ import annotations

from html import escape
from pathlib import Path

from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.report_figures import report_figures
from classwise.zoo.evaluation.report.report_html import facts, page, save_and_show, table
from classwise.zoo.evaluation.report.report_tables import report_tables


def model_page(folder: Path, report: EvaluationReport) -> str:
    """Writes the model's figures to the folder and returns the page that shows them."""
    pictures = "".join(save_and_show(folder, item) for item in report_figures(report))
    metrics, *others = map(table, report_tables(report))
    return page(
        report.title,
        "Retrieval evaluation",
        _headline(report),
        {
            "What was measured": facts(setting(report) | dict(report.facts)),
            "Results": metrics,
            "Figures": f'<div class="figures">\n{pictures}</div>',
            "Details": f'<div class="tables">\n{"".join(others)}</div>',
        },
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


def _headline(report: EvaluationReport) -> str:
    """The few numbers that a reader looks for first."""
    value, bits = report.result.metrics["map"], report.result.code_length
    error = "" if value.standard_error is None else f"± {value.standard_error:.4f} standard error"
    cards = [
        ("mAP", f"{value.expected:.4f}", error),
        ("tie band of the mAP", f"{value.worst:.4f} to {value.best:.4f}", "worst and best order"),
        ("code", f"{bits} bits", f"{-(-bits // 8)} bytes"),
    ]
    for kind, classification in list(report.classifications.items())[:1]:
        cards.append(
            ("accuracy", f"{classification.accuracy:.4f}", f"nearest class centre, {kind}")
        )
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd><strong>{escape(number)}</strong> "
        f"<span>{escape(note)}</span></dd></div>"
        for name, number, note in cards
    )
    return f'<dl class="headline">{items}</dl>'
