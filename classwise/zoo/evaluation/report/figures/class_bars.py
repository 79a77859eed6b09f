"""A metric class by class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    names_of,
    new_axes,
    new_figure,
    plain_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BARS_A_COLUMN = 25
_MOST_BARS = 200


def class_bars(
    classes: np.ndarray,
    values: np.ndarray,
    mean: float,
    class_names: Sequence[str] | None = None,
    metric: str = "mAP",
) -> Figure:
    """Draws a metric of every class as sorted bars with their values, the highest first.

    The thin line at the end of a bar is the tie band; more than 25 classes go into columns. More
    than 200 become a curve without names.

    Args:
        classes: class ids `[C]`, as `RetrievalResult.classes`.
        values: `[3, C]` (expected, worst, best), as `RetrievalResult.per_class["map"]`; NaN for a
            class whose queries are all excluded.
        mean: the metric over all queries, drawn as a dashed line.
        class_names: by class id; without them the ids are shown.
        metric: what the horizontal axis is called.
    """
    order = np.argsort(-values[0], kind="stable")  # NaN last
    if len(order) > _MOST_BARS:
        return _draw_curve(values[:, order], mean, metric)
    parts = np.array_split(order, -(-len(order) // _BARS_A_COLUMN))
    figure = new_figure(max(5.6, 3.1 * len(parts)), 0.8 + 0.24 * len(parts[0]))
    all_axes = figure.subplots(1, len(parts), squeeze=False)[0]
    for axes, part in zip(all_axes, parts, strict=True):
        plain_axes(axes)
        _draw_bars(axes, names_of(classes[part], class_names), values[:, part])
        axes.axvline(mean, color=INK, linestyle="--", linewidth=1, zorder=0)
        axes.set(xlim=(0, 1), ylim=(len(parts[0]) - 0.4, -0.6), xlabel=metric)
    all_axes[0].set_title(f"dashed: {mean:.3f}, all queries", loc="left", fontsize=9, color=FAINT)
    return figure


def _draw_curve(values: np.ndarray, mean: float, metric: str) -> Figure:
    figure, axes = new_axes(5.6, 3.6)
    expected, worst, best = values
    places = np.arange(1, len(expected) + 1)
    axes.fill_between(places, worst, best, color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(places, expected, color=BLUE)
    axes.axhline(mean, color=INK, linestyle="--", linewidth=1, zorder=0)
    axes.set_title(f"dashed: {mean:.3f}, all queries", loc="left", fontsize=9, color=FAINT)
    axes.set(xlim=(1, len(expected)), ylim=(0, 1), xlabel="classes, the highest first")
    axes.set_ylabel(metric)
    return figure


def _draw_bars(axes: Axes, names: list[str], values: np.ndarray) -> None:
    from matplotlib.patheffects import withStroke

    rows = np.arange(len(names))
    expected, worst, best = values
    axes.barh(rows, expected, height=0.72, color=BLUE)
    # White around the line, which is nearly as dark as the bar on paper without color.
    outline = [withStroke(linewidth=2.6, foreground="white")]
    axes.hlines(rows, worst, best, color=INK, linewidth=1, path_effects=outline)
    for row in rows:
        known = np.isfinite(expected[row])
        # White on the bar where the bar is long enough, so that no text leaves the axes.
        inside = known and expected[row] > 0.2
        axes.text(
            min(worst[row], expected[row]) - 0.012 if inside else np.nan_to_num(best[row]) + 0.012,
            row,
            f"{expected[row]:.3f}" if known else "no relevant item",
            ha="right" if inside else "left",
            va="center",
            fontsize=8,
            color="white" if inside else INK,
        )
    axes.set_yticks(rows, names, parse_math=False)
    axes.tick_params(axis="y", length=0)
