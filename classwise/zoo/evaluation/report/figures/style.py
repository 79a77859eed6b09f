"""What all figures share: colors, line styles and marks that survive a black-and-white printer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette for all kinds of color vision, without its yellow, too light for lines.
BLUE, VERMILLION = "#0072B2", "#D55E00"
COLORS = (BLUE, VERMILLION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
INK, FAINT = "#222222", "#6B6B6B"


def new_figure(width: float, height: float) -> Figure:
    """Returns a white figure of that size in inches.

    It belongs to nobody but the caller: pyplot, which keeps figures alive and may open windows,
    isn't involved.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Returns a new figure with one plain pair of axes."""
    figure = new_figure(width, height)
    return figure, plain_axes(figure.add_subplot())


def plain_axes(axes: Axes) -> Axes:
    """Returns the axes without the lines that carry nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.tick_params(color=FAINT, labelcolor=INK, labelsize=9)
    return axes


def check_series(name: str, series: Mapping) -> None:
    """Raises `InputError` unless there are as many series as colors can tell apart."""
    if not 1 <= len(series) <= len(COLORS):
        raise InputError(
            f"{name} has {len(series)} entries; a figure shows 1 to {len(COLORS)}, so draw the "
            "others in one of their own."
        )


def as_label(name: str) -> str:
    """Returns a name for a legend, in which a dollar sign begins no mathematics."""
    return name.replace("$", r"\$")


def legend_height(series: Mapping) -> float:
    """Returns the inches that `legend_below` takes."""
    return 0.2 * -(-len(series) // _legend_columns(series))


def legend_below(figure: Figure, series: Mapping) -> None:
    """Writes the names of all series below the axes, where no curve can run through them."""
    figure.legend(
        loc="outside lower center",
        ncols=_legend_columns(series),
        frameon=False,
        fontsize=8,
        handlelength=3.5,
        columnspacing=1.5,
    )


def _legend_columns(series: Mapping) -> int:
    return 2 if max(map(len, series)) <= 32 else 1


def names_of(classes: Sequence[int], class_names: Sequence[str] | None) -> list[str]:
    """Returns the names of class ids, the ids themselves where nobody named them."""
    return [shortened(class_names[c]) if class_names else str(c) for c in map(int, classes)]


def shortened(name: str, length: int = 16) -> str:
    """Returns a name cut to `length` characters, with an ellipsis where something is missing."""
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"
