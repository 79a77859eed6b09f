"""The pages of a report, filled from the templates in `page/`. A page holds all that it shows."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classwise.zoo.evaluation.report.figures import save_figure
from classwise.zoo.evaluation.report.report_figures import ReportFigure
from classwise.zoo.evaluation.report.report_folder import FIGURES, PAGE
from classwise.zoo.foundation.templates import templates

# Inches, as drawn: wider figures take the page's whole width.
WIDE = 7.5


@dataclass(frozen=True)
class ShownFigure:
    """A figure as a page shows it: what it is called and says, and its SVG in base64.

    Its width is in inches as drawn, so that text in all figures has one size.
    """

    name: str
    caption: str
    description: str
    width: str
    is_wide: bool
    data: str


def write_page(folder: Path, template: str, figures: Iterable[ReportFigure], **values) -> None:
    """Writes the figures of a page to files and the page that shows them.

    Args:
        folder: of the page; made if missing.
        template: its file in `page/`.
        figures: drawn one after the other.
        values: what the template shows.
    """
    shown = [save_and_show(folder, figure) for figure in figures]
    page = templates(__package__).get_template(template).render(shown=shown, **values)
    (folder / PAGE).write_text(page, encoding="utf-8")


def save_and_show(folder: Path, item: ReportFigure) -> ShownFigure:
    """Writes a figure as SVG and PNG beside the page, and returns it as the page shows it."""
    path = folder / FIGURES / f"{item.name}.svg"
    save_figure(item.figure, path)
    save_figure(item.figure, path.with_suffix(".png"))
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    width, _ = item.figure.get_size_inches()
    caption, description = item.caption, item.description
    return ShownFigure(item.name, caption, description, f"{width:.2f}", bool(width > WIDE), data)
