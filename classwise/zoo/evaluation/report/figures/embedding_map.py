"""The embedding seen in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import COLORS, INK, MARKERS, names_of, new_axes
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_POINTS = 3000


def embedding_map(
    embeddings: np.ndarray,
    labels: np.ndarray,
    centers: np.ndarray,
    class_names: Sequence[str] | None = None,
) -> Figure:
    """Draws embeddings and class centers on the two axes along which the centers spread most.

    The axes are the first principal components of the centers: a linear map, the same in every
    run, in which near points may still be far apart in the dimensions not shown.

    Args:
        embeddings: floats `[N, L]`, L at least 2. Beyond 3,000, evenly spaced rows are drawn.
        labels: class ids `[N]`, rows of `centers`.
        centers: floats `[C, L]`.
        class_names: by class id; without them the ids are shown.

    Raises:
        InputError: arrays that do not fit.
    """
    embeddings, labels, centers = map(np.asarray, (embeddings, labels, centers))
    if embeddings.shape != (len(labels), centers.shape[1]) or centers.shape[1] < 2:
        raise InputError(
            f"embeddings has shape {embeddings.shape}, labels {labels.shape} and centers "
            f"{centers.shape}; they must be [N, L], [N] and [C, L] with L at least 2."
        )
    rows = np.linspace(0, len(labels) - 1, min(len(labels), MOST_POINTS)).astype(int)
    points, middles, shares = _project(embeddings[rows], centers)
    labels = labels[rows]
    figure, axes = new_axes(6.4, 5.2)
    size = 130 if len(centers) <= 20 else 40
    for label in range(len(centers)):
        style = {"color": COLORS[label % len(COLORS)], "marker": MARKERS[label % len(MARKERS)]}
        cloud = points[labels == label]
        # As pixels also in an SVG: thousands of vector marks would make it slow to show.
        axes.scatter(*cloud.T, s=9, alpha=0.45, linewidths=0, rasterized=True, **style)
        axes.scatter(*middles[label], s=size, edgecolors="white", linewidths=1, zorder=3, **style)
    axes.set(
        xlabel=f"first axis, {shares[0]:.0%} of the spread of the centers",
        ylabel=f"second axis, {shares[1]:.0%}",
        xticks=[],
        yticks=[],
        aspect="equal",
        adjustable="datalim",
    )
    _write_names(axes, middles, names_of(range(len(centers)), class_names))
    return figure


def _project(
    embeddings: np.ndarray, centers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Projects both on the principal components of the centers; also their shares of variance."""
    mean = centers.mean(axis=0)
    _, lengths, components = np.linalg.svd(centers - mean)
    components = components[:2]
    # The sign of a component is arbitrary: its largest entry is made positive.
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    components = components * np.sign(largest)
    spread = np.append(lengths, 0.0) ** 2
    shares = spread[:2] / max(spread.sum(), np.finfo(float).tiny)
    return (embeddings - mean) @ components.T, (centers - mean) @ components.T, shares


def _write_names(axes: Axes, middles: np.ndarray, names: list[str]) -> None:
    """Writes every name beside its center, on the first side where no other name is."""
    from matplotlib.patheffects import withStroke

    font_size = 9 if len(names) <= 20 else 6
    axes.figure.draw_without_rendering()  # the layout decides where the centers come to lie
    positions = axes.transData.transform(middles) * 72 / axes.figure.dpi
    taken = np.empty((0, 4))
    for name, middle, position in zip(names, middles, positions, strict=True):
        half = np.array([0.3 * len(name), 0.6]) * font_size
        sides = [(0, 14), (0, -14), (half[0] + 9, 0), (-half[0] - 9, 0), (0, 25), (0, -25)]
        boxes = [np.concatenate([position + side - half, position + side + half]) for side in sides]
        free = [not _overlaps(box, taken) for box in boxes]
        if not any(free):
            continue  # a name over another one would make both unreadable
        side = free.index(True)
        taken = np.vstack([taken, boxes[side]])
        axes.annotate(
            name,
            middle,
            sides[side],
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=font_size,
            color=INK,
            zorder=4,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            parse_math=False,
        )


def _overlaps(box: np.ndarray, boxes: np.ndarray) -> bool:
    """Whether a box (left, bottom, right, top) overlaps any of `[N, 4]`."""
    return bool(np.any((box[:2] < boxes[:, 2:]).all(axis=1) & (boxes[:, :2] < box[2:]).all(axis=1)))
