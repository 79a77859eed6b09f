"""The report of an evaluation: pages that can be read offline, and their figures as files."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from classwise.zoo.evaluation.report.comparison_page import write_comparison_page
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.model_page import write_model_page
from classwise.zoo.evaluation.report.report_folder import MODELS, PAGE, report_folder


def write_report(
    directory: str | os.PathLike, *reports: EvaluationReport, force: bool = False
) -> Path:
    """Writes a report of one or more models, whole or not at all.

    A model's page is `index.html`, which holds all that it shows, beside `figures/*.svg` and
    `*.png`. With several models that is the comparison, and theirs are `models/NAME/index.html`.

    Args:
        directory: made if it doesn't exist. An earlier report in it is replaced.
        reports: what to show of each model; what they lack is left out.
        force: whether a folder that holds anything else is replaced too. Defaults to False.

    Returns:
        The path of `index.html`.

    Raises:
        InputError: a file or a folder that is something else, or more models than a figure shows.
    """
    with report_folder(directory, force) as folder:
        fill_report_folder(folder, reports)
    return Path(directory) / PAGE


def fill_report_folder(folder: Path, reports: Sequence[EvaluationReport]) -> list[Path]:
    """Writes the report into an empty folder; returns each model's page, relative to it."""
    if len(reports) == 1:
        write_model_page(folder, reports[0])
        return [Path(PAGE)]
    names = short_names([report.title for report in reports])
    pages = [Path(MODELS, name, PAGE) for name in names]
    for page, report in zip(pages, reports, strict=True):
        write_model_page((folder / page).parent, report)
    write_comparison_page(folder, reports, names, [page.as_posix() for page in pages])
    return pages


def short_names(titles: Sequence[str]) -> list[str]:
    """Returns a name for each of several presets or paths, fit for folders and figures.

    Example:

    >>> short_names(["dcwh_48", "runs/one/best.keras", "runs/two/best.onnx", "my codes.npz"])
    ['dcwh_48', 'best', 'best-2', 'my-codes']
    """
    names: list[str] = []
    for title in titles:
        name = re.sub(r"\.(keras|onnx|npz)$", "", title.replace("\\", "/").rpartition("/")[2])
        plain = name = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "model"
        number = 1
        while name in names:
            number += 1
            name = f"{plain}-{number}"
        names.append(name)
    return names
