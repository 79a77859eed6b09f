"""Precision against recall, as the Hamming ball around a query grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import (
    COLORS,
    INK,
    LINE_STYLES,
    MARKERS,
    as_label,
    check_series,
    legend_below,
    legend_height,
    new_axes,
)
from classwise.zoo.retrieval.retrieval_result import PrecisionRecallCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def precision_recall_curves(curves: Mapping[str, PrecisionRecallCurve]) -> Figure:
    """Draws the precision-recall curves of one or more models, one point for every radius.

    A single curve has radii written at its points.

    Args:
        curves: by the name of the model, `RetrievalResult.curve`; at most seven.

    Raises:
        InputError: no curve, or more than can be told apart.
    """
    check_series("curves", curves)
    figure, axes = new_axes(5.6, 3.8 + (legend_height(curves) if len(curves) > 1 else 0))
    for number, (name, curve) in enumerate(curves.items()):
        axes.plot(
            curve.recall,
            curve.precision,
            color=COLORS[number],
            linestyle=LINE_STYLES[number],
            marker=MARKERS[number],
            markersize=4.5,
            label=as_label(name),
        )
    if len(curves) == 1:
        _write_radii(axes, curve)
    else:
        legend_below(figure, curves)
    axes.set(
        xlim=(-0.02, 1.02),
        ylim=(0, 1.05),
        xlabel="recall within the radius",
        ylabel="precision within the radius",
    )
    return figure


def _write_radii(axes: Axes, curve: PrecisionRecallCurve) -> None:
    """Writes the radius at the points that leave room for it."""
    previous = np.full(2, -1.0)
    for radius, *point in zip(curve.radius, curve.recall, curve.precision, strict=True):
        if np.abs(previous - point).max() > 0.06:
            text, side = (str(radius), (4, 6)) if radius else ("radius 0", (-4, -14))
            axes.annotate(text, point, side, textcoords="offset points", fontsize=8, color=INK)
            previous = np.array(point)
