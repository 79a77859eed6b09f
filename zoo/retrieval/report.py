"""The report of an evaluation: one page that can be read offline, and its figures as files."""

from __future__ import annotations

import base64
import os
from html import escape
from pathlib import Path

from classwise.zoo.files import replacing_file
from classwise.zoo.retrieval.evaluation_report import EvaluationReport
from classwise.zoo.retrieval.figures import save_figure
from classwise.zoo.retrieval.report_figures import ReportFigure, report_figures
from classwise.zoo.retrieval.report_style import STYLE
from classwise.zoo.retrieval.report_tables import ReportTable, report_tables


def write_report(directory: str | os.PathLike, report: EvaluationReport) -> Path:
    """Writes `index.html`, which holds all it shows, and `figures/*.svg` and `*.png` beside it.

    The page needs no network and no script, and follows the reader's light or dark theme. Files
    of an earlier report are replaced, other files in the folder stay.

    Args:
        directory: made if it doesn't exist.
        report: what to show; what it lacks is left out.

    Returns:
        The path of `index.html`.
    """
    directory = Path(directory)
    pictures = []
    for item in report_figures(report):
        path = directory / "figures" / f"{item.name}.svg"
        save_figure(item.figure, path)
        save_figure(item.figure, path.with_suffix(".png"))
        pictures.append(_figure(item, path.read_bytes()))
    page = _page(report, pictures, [_table(table) for table in report_tables(report)])
    with replacing_file(directory / "index.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    return directory / "index.html"


def _page(report: EvaluationReport, pictures: list[str], tables: list[str]) -> str:
    metrics, *others = tables
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(report.title)}: retrieval evaluation</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kind">Retrieval evaluation</p>
<h1>{escape(report.title)}</h1>
{_headline(report)}
</header>
<section aria-labelledby="setting">
<h2 id="setting">What was measured</h2>
{_setting(report)}
</section>
<section aria-labelledby="results">
<h2 id="results">Results</h2>
{metrics}
</section>
<section aria-labelledby="figures">
<h2 id="figures">Figures</h2>
<div class="figures">
{"".join(pictures)}
</div>
</section>
<section aria-labelledby="details">
<h2 id="details">Details</h2>
<div class="tables">
{"".join(others)}
</div>
</section>
</main>
</body>
</html>
"""


def _headline(report: EvaluationReport) -> str:
    """The few numbers that a reader looks for first."""
    value = report.result.metrics["map"]
    error = "" if value.standard_error is None else f" ± {value.standard_error:.4f}"
    cards = [
        ("mAP", f"{value.expected:.4f}", f"{error} standard error".strip() if error else ""),
        ("tie band of the mAP", f"{value.worst:.4f} to {value.best:.4f}", "worst and best order"),
        (
            "code",
            f"{report.result.code_length} bits",
            f"{-(-report.result.code_length // 8)} bytes",
        ),
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


def _setting(report: EvaluationReport) -> str:
    result = report.result
    protocol = [report.protocol, report.protocol_description]
    facts = {
        **({"protocol": ": ".join(filter(None, protocol))} if any(protocol) else {}),
        "queries": f"{result.queries:,}",
        "excluded queries": f"{result.excluded_queries:,} (no relevant item in the database)",
        "database": f"{result.database_size:,} items",
        **report.facts,
    }
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(fact))}</dd></div>"
        for name, fact in facts.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def _table(table: ReportTable) -> str:
    header = "".join(f'<th scope="col">{escape(title)}</th>' for title in table.header)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>\n"
        for first, *cells in table.rows
    )
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    # A wide table scrolls by itself, also by keyboard: so it can have the focus, and a name.
    return f"""<div>
<div class="table" role="region" tabindex="0" aria-label="{escape(table.title)}">
<table><caption>{escape(table.title)}</caption>
<thead><tr>{header}</tr></thead>
<tbody>
{rows}</tbody></table></div>
{note}
</div>
"""


def _figure(item: ReportFigure, svg: bytes) -> str:
    data = base64.b64encode(svg).decode("ascii")
    # In inches as drawn, so that text in all figures has one size.
    width, _ = item.figure.get_size_inches()
    wide = ' class="wide"' if width > 7.5 else ""
    return f"""<figure{wide}>
<div class="paper" role="region" tabindex="0" aria-label="{escape(item.name)}">
<img alt="{escape(item.description)}" style="width:{width:.2f}in" \
src="data:image/svg+xml;base64,{data}"></div>
<figcaption>{escape(item.caption)}</figcaption>
</figure>
"""
