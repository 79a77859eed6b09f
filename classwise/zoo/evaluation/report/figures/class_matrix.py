"""Matrices of class against class: confusion, and distances of the centers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import INK, names_of, new_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_NUMBERS = 20
_MOST_NAMES = 60


def confusion_matrix(confusion: np.ndarray, class_names: Sequence[str] | None = None) -> Figure:
    """Draws where the items of every class went, in per cent of the class.

    Args:
        confusion: `[C, C]`, items of class row assigned to class column, as
            `ClassificationResult.confusion`.
        class_names: by class id; without them the ids are shown.
    """
    confusion = np.asarray(confusion)
    shares = 100 * confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure = _class_matrix(
        shares, class_names, "Blues", "items of the class, %", _per_cent, emphasis=0.5
    )
    figure.axes[0].set(xlabel="nearest class center", ylabel="class")
    return figure


def center_distances(
    distances: np.ndarray,
    class_names: Sequence[str] | None = None,
    measure: str = "Hamming distance",
) -> Figure:
    """Draws the distance of every pair of class centers.

    Args:
        distances: `[C, C]`, symmetric.
        class_names: by class id; without them the ids are shown.
        measure: what the color bar is called.
    """
    distances = np.asarray(distances, np.float64).copy()
    np.fill_diagonal(distances, np.nan)  # 0 by definition, it would only widen the scale
    return _class_matrix(distances, class_names, "cividis", measure, "{:.0f}".format)


def _per_cent(share: float) -> str:
    """Returns what is written into a cell; what rounds to 0.0 % stays empty."""
    if round(share, 1) == 0:
        return ""
    return f"{share:.0f}" if share >= 1 else "<1"


def _class_matrix(
    values: np.ndarray,
    class_names: Sequence[str] | None,
    color_map: str,
    measure: str,
    number: Callable[[float], str],
    emphasis: float = 1.0,
) -> Figure:
    """Draws a square matrix; few classes get numbers in the cells, very many no names.

    `number` writes the value of a cell; `emphasis` below 1 gives small values more of the color
    scale.
    """
    from matplotlib import colormaps
    from matplotlib.colors import PowerNorm

    classes = len(values)
    size = np.clip(0.5 * classes, 4.2, 9.0)
    figure, axes = new_axes(size + 1.2, size)
    figure.set_layout_engine("compressed")  # made for axes of a fixed aspect
    colors = colormaps[color_map].with_extremes(bad="#EEEEEE")
    norm = PowerNorm(emphasis, np.nanmin(values), np.nanmax(values))
    image = axes.imshow(values, cmap=colors, norm=norm, interpolation="none")
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, shrink=0.8, label=measure)
    bar.outline.set_visible(False)
    if classes <= _MOST_NAMES:
        font_size = 9 if classes <= _MOST_NUMBERS else 6
        names = names_of(range(classes), class_names)
        text = {"fontsize": font_size, "parse_math": False}
        axes.set_xticks(range(classes), names, rotation=90, **text)
        axes.set_yticks(range(classes), names, **text)
        axes.tick_params(length=0)
    if classes <= _MOST_NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            text = number(value)
            if text and np.isfinite(value):
                light = np.dot(colors(norm(value))[:3], (0.299, 0.587, 0.114)) > 0.5
                axes.text(
                    column,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=8,
                    color=INK if light else "white",
                )
    return figure
