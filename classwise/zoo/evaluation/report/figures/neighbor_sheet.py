"""Queries and their nearest neighbors, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import (
    BLUE,
    FAINT,
    INK,
    VERMILLION,
    names_of,
    new_axes,
)
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES_A_CELL = 0.86
_CELL_HEIGHT = 1.36  # of a cell 1 wide: the image, and two lines of text below it
_QUERY_GAP = 0.25
_IMAGE = 0.9


def neighbor_sheet(
    query_images: np.ndarray,
    query_labels: np.ndarray | None,
    neighbor_images: np.ndarray,
    neighbor_labels: np.ndarray | None,
    distances: np.ndarray,
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Draws every query with its neighbors, one query a row.

    A neighbor of the query's class has a solid frame and a tick, one of another class a dashed
    frame, a cross and the name of its class; the number is the Hamming distance. Without labels
    all frames are alike.

    Args:
        query_images: uint8 `[Q, H, W, 1 or 3]`.
        query_labels: class ids `[Q]`, None where there are none.
        neighbor_images: uint8 `[Q, k, H, W, 1 or 3]`, the nearest first.
        neighbor_labels: class ids `[Q, k]`, None where there are none.
        distances: integers `[Q, k]`.
        class_names: by class id; without them the ids are shown.

    Raises:
        InputError: the shapes do not fit each other.
    """
    queries, neighbors = _check_shapes(
        query_images, query_labels, neighbor_images, neighbor_labels, distances
    )
    labeled = query_labels is not None and neighbor_labels is not None
    width, height = (
        neighbors + 1 + _QUERY_GAP,
        queries * _CELL_HEIGHT + (0.5 if neighbors > 6 else 0.9),
    )
    figure, axes = new_axes(width * _INCHES_A_CELL, height * _INCHES_A_CELL)
    axes.set_axis_off()
    axes.text(0.5, -0.1, "query", ha="center", fontsize=9, color=FAINT)
    for rank in range(neighbors):
        x = rank + 1 + _QUERY_GAP
        axes.text(x + 0.5, -0.1, str(rank + 1), ha="center", fontsize=9, color=FAINT)
    for row in range(queries):
        y = row * _CELL_HEIGHT
        _draw_image(axes, query_images[row], 0, y, edgecolor=INK, linewidth=0.8)
        if labeled:
            _draw_text(axes, 0, y, *names_of([query_labels[row]], class_names))
        for rank in range(neighbors):
            x = rank + 1 + _QUERY_GAP
            if not labeled:
                _draw_image(axes, neighbor_images[row, rank], x, y, edgecolor=INK, linewidth=0.8)
                _draw_text(axes, x, y, f"{distances[row, rank]}")
                continue
            right = neighbor_labels[row, rank] == query_labels[row]
            frame = (
                {"edgecolor": BLUE, "linewidth": 2.0}
                if right
                else {"edgecolor": VERMILLION, "linewidth": 2.0, "linestyle": (0, (2.5, 1.5))}
            )
            _draw_image(axes, neighbor_images[row, rank], x, y, **frame)
            _draw_text(
                axes,
                x,
                y,
                f"{'✓' if right else '✗'} {distances[row, rank]}",
                *([] if right else names_of([neighbor_labels[row, rank]], class_names)),
                color=frame["edgecolor"],
            )
    key = ("✓ solid frame: same class", "✗ dashed frame: another class") if labeled else ()
    key = ("    " if neighbors > 6 else "\n").join((*key, "number: Hamming distance"))
    axes.text(width, queries * _CELL_HEIGHT, key, ha="right", va="top", fontsize=8, color=FAINT)
    bottom = queries * _CELL_HEIGHT + 0.2 * (1 + key.count("\n"))
    axes.set(xlim=(0, width), ylim=(bottom, -0.3), aspect="equal")
    return figure


def _check_shapes(
    query_images: np.ndarray,
    query_labels: np.ndarray | None,
    neighbor_images: np.ndarray,
    neighbor_labels: np.ndarray | None,
    distances: np.ndarray,
) -> tuple[int, int]:
    """Returns the numbers of queries and of neighbors, or raises `InputError`."""
    shape = np.shape(neighbor_images)
    if len(shape) != 5 or 0 in shape or shape[-1] not in (1, 3):
        raise InputError(
            f"neighbor_images has shape {shape}; it must be [queries, neighbors, height, width, "
            "1 or 3], none of them 0."
        )
    expected = {
        "query_images": (query_images, shape[:1] + shape[2:]),
        "query_labels": (query_labels, shape[:1]),
        "neighbor_labels": (neighbor_labels, shape[:2]),
        "distances": (distances, shape[:2]),
    }
    for name, (array, wanted) in expected.items():
        if array is not None and np.shape(array) != wanted:
            raise InputError(
                f"{name} has shape {np.shape(array)}; beside neighbor_images of shape {shape} it "
                f"must be {wanted}."
            )
    return shape[0], shape[1]


def _draw_image(axes: Axes, image: np.ndarray, x: float, y: float, **frame) -> None:
    """Draws one image in the cell at (x, y), the upper left corner, inside a frame."""
    from matplotlib.patches import Rectangle

    # Three channels throughout: a color map would stretch a dim image to full contrast.
    pixels = np.repeat(image, 3 // image.shape[-1], axis=-1)
    height, width = np.array(image.shape[:2]) / max(image.shape[:2]) * _IMAGE
    left, top = x + (1 - width) / 2, y + _IMAGE - height
    extent = (left, left + width, top + height, top)
    axes.imshow(pixels, extent=extent, interpolation="none")
    axes.add_patch(Rectangle((left, top), width, height, fill=False, zorder=3, **frame))


def _draw_text(axes: Axes, x: float, y: float, *lines: str, color: str = INK) -> None:
    """Writes lines below the image of a cell; class names are no mathematics."""
    for number, line in enumerate(lines):
        axes.text(
            x + 0.5,
            y + _IMAGE + 0.06 + 0.18 * number,
            line,
            ha="center",
            va="top",
            fontsize=8 if number == 0 else 7,
            color=color,
            parse_math=False,
        )
