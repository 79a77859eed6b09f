"""Mean average precision against the length of the codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from classwise.zoo.evaluation.report.figures.style import (
    COLORS,
    LINE_STYLES,
    MARKERS,
    as_label,
    check_series,
    legend_below,
    legend_height,
    new_axes,
)
from classwise.zoo.retrieval.retrieval_result import MetricValue

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    figure, axes = new_axes(5.6, 3.6 + legend_height(series))
    for number, (name, by_length) in enumerate(series.items()):
        lengths, values = zip(*sorted(by_length.items()), strict=True)
        axes.errorbar(
            lengths,
            [value.expected for value in values],
            yerr=[2 * (value.standard_error or 0) for value in values],
            color=COLORS[number],
            linestyle=LINE_STYLES[number],
            marker=MARKERS[number],
            markersize=5,
            capsize=3,
            label=as_label(name),
        )
        band = [value.worst for value in values], [value.best for value in values]
        axes.fill_between(lengths, *band, color=COLORS[number], alpha=0.15, linewidth=0)
    axes.set(xlabel="code length, bits", ylabel=metric)
    axes.set_xticks(sorted({length for by_length in series.values() for length in by_length}))
    legend_below(figure, series)
    return figure
