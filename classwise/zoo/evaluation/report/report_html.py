"""The pieces that pages of a report are made of. A page holds all that it shows."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path

from classwise.zoo.evaluation.report.figures import save_figure
from classwise.zoo.evaluation.report.report_figures import ReportFigure
from classwise.zoo.evaluation.report.report_folder import FIGURES, MARK
from classwise.zoo.evaluation.report.report_style import STYLE
from classwise.zoo.evaluation.report.report_tables import ReportTable


def page(title: str, kind: str, headline: str, sections: Mapping[str, str]) -> str:
    """Returns a page: its title, what kind of page it is, and sections by their headings.

    `headline` and the sections are HTML; it needs no network and no script, and follows the
    reader's light or dark theme.
    """
    body = "".join(
        f"""<section aria-labelledby="section-{number}">
<h2 id="section-{number}">{escape(heading)}</h2>
{content}
</section>
"""
        for number, (heading, content) in enumerate(sections.items(), start=1)
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{MARK}
<title>{escape(title)}: {escape(kind.lower())}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<p class="kind">{escape(kind)}</p>
<h1>{escape(title)}</h1>
{headline}
</header>
{body}</main>
</body>
</html>
"""


def facts(values: Mapping[str, object]) -> str:
    """Returns names and what is known under them, as a list."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(str(fact))}</dd></div>"
        for name, fact in values.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def table(content: ReportTable) -> str:
    """Returns a table, the first cell of a row a link where the table has links."""
    header = "".join(f'<th scope="col">{escape(title)}</th>' for title in content.header)
    rows = ""
    for number, (first, *cells) in enumerate(content.rows):
        name = escape(first)
        if content.links:
            name = f'<a href="{escape(content.links[number])}">{name}</a>'
        values = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows += f'<tr><th scope="row">{name}</th>{values}</tr>\n'
    note = f"<p>{escape(content.note)}</p>" if content.note else ""
    # A wide table scrolls by itself, also by keyboard: so it can have the focus, and a name.
    return f"""<div>
<div class="table" role="region" tabindex="0" aria-label="{escape(content.title)}">
<table><caption>{escape(content.title)}</caption>
<thead><tr>{header}</tr></thead>
<tbody>
{rows}</tbody></table></div>
{note}
</div>
"""


def save_and_show(folder: Path, item: ReportFigure) -> str:
    """Writes a figure as SVG and PNG beside the page, and returns it as a part of the page."""
    path = folder / FIGURES / f"{item.name}.svg"
    save_figure(item.figure, path)
    save_figure(item.figure, path.with_suffix(".png"))
    data = base64.b64encode(path.read_bytes()).decode("ascii")
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
