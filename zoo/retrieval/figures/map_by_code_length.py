"""Mean average precision against the length of the codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.retrieval.figures.style import (
    COLOURS,
    LINE_STYLES,
    MARKERS,
    check_series,
    new_axes,
)
from classwise.zoo.retrieval.retrieval_result import MetricValue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABEL_SPACING = 0.055  # of the axes' height


def map_by_code_length(
    series: Mapping[str, Mapping[int, MetricValue]], metric: str = "mAP"
) -> Figure:
    """Draws a line a model family: bars are two standard errors each way, bands the tie band.

    Args:
        series: by name, the metric by code length, such as
            `{"DCWH": {24: result.metrics["map"], ...}}`; at most seven.
        metric: what the vertical axis is called.

    Raises:
        InputError: no series, or more than can be told apart.
    """
    check_series("series", series)
    figure, axes = new_axes(5.6, 3.6)
    ends = []
    for number, (name, by_length) in enumerate(series.items()):
        lengths, values = zip(*sorted(by_length.items()), strict=True)
        expected = [value.expected for value in values]
        axes.errorbar(
            lengths,
            expected,
            yerr=[2 * (value.standard_error or 0) for value in values],
            color=COLOURS[number],
            linestyle=LINE_STYLES[number],
            marker=MARKERS[number],
            markersize=5,
            capsize=3,
        )
        band = [value.worst for value in values], [value.best for value in values]
        axes.fill_between(lengths, *band, color=COLOURS[number], alpha=0.15, linewidth=0)
        ends.append((lengths[-1], expected[-1], name, COLOURS[number]))
    axes.set(xlabel="code length, bits", ylabel=metric)
    axes.set_xticks(sorted({length for by_length in series.values() for length in by_length}))
    heights = _spread([end[1] for end in ends], _LABEL_SPACING * np.ptp(axes.get_ylim()))
    for (x, y, name, colour), height in zip(ends, heights, strict=True):
        axes.annotate(
            name,
            (x, y),
            xytext=(1.02, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=9,
            color=colour,
            annotation_clip=False,
            parse_math=False,
        )
    return figure


def _spread(heights: list[float], spacing: float) -> np.ndarray:
    """Moves labels apart, upwards from the lowest, until each has room."""
    spread, previous = np.array(heights), -np.inf
    for row in np.argsort(spread, kind="stable"):
        previous = spread[row] = max(spread[row], previous + spacing)
    return spread
