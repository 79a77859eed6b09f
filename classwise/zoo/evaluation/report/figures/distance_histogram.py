"""How well Hamming distance separates the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.evaluation.report.figures.style import BLUE, VERMILLION, new_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def distance_histogram(same_class: np.ndarray, different_class: np.ndarray) -> Figure:
    """Draws the distances of same-class and of different-class pairs, in per cent of either kind.

    Args:
        same_class, different_class: pairs at each Hamming distance `[L + 1]`, as
            `classwise.zoo.retrieval.pair_distances` counts them.
    """
    from matplotlib.colors import to_rgba

    figure, axes = new_axes(5.6, 3.4)
    edges = np.arange(len(same_class) + 1) - 0.5
    axes.stairs(
        _per_cent(same_class),
        edges,
        fill=True,
        facecolor=to_rgba(BLUE, 0.35),
        edgecolor=BLUE,
        linewidth=1.2,
        label="same class",
    )
    axes.stairs(
        _per_cent(different_class),
        edges,
        fill=True,
        facecolor="none",
        edgecolor=VERMILLION,
        linewidth=1.2,
        linestyle="--",
        hatch="////",
        label="different classes",
    )
    axes.legend(frameon=False, fontsize=9, handlelength=2.5, handleheight=1.2)
    axes.set(
        xlim=(-0.5, len(same_class) - 0.5),
        xlabel="Hamming distance of query and database item",
        ylabel="pairs of the kind, %",
    )
    axes.xaxis.get_major_locator().set_params(integer=True)
    return figure


def _per_cent(pairs: np.ndarray) -> np.ndarray:
    return 100 * np.asarray(pairs) / max(np.sum(pairs), 1)
