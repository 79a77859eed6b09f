"""Figures as files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 160


def save_figure(figure: Figure, path: str | os.PathLike) -> None:
    """Writes a figure as PNG or SVG, whole or not at all; the same figure gives the same bytes.

    Args:
        figure: as a function of `classwise.zoo.evaluation.report.figures` returns it.
        path: ends in `.png` (160 dots an inch) or `.svg` (text as outlines, so that no font is
            missing anywhere).

    Raises:
        InputError: another ending.
    """
    import matplotlib

    if Path(path).suffix not in (".png", ".svg"):
        raise InputError(f"The figure's file is {os.fspath(path)!r}; it must end in .png or .svg.")
    date = {"Date": None} if Path(path).suffix == ".svg" else {}
    with replacing_file(path) as temporary, matplotlib.rc_context({"svg.hashsalt": "classwise"}):
        figure.savefig(temporary, dpi=DOTS_PER_INCH, metadata=date)
