"""The picture of docs/RIVALS.md: every loss on every ground, a mark for each code length."""

from pathlib import Path

from bench.studies.rivals.contestants import LABELS, OURS
from bench.studies.rivals.findings import places, whole
from classwise.zoo.evaluation.report.figures.save_figure import save_figure
from classwise.zoo.evaluation.report.figures.style import (
    COLORS,
    FAINT,
    INK,
    MARKERS,
    new_figure,
    plain_axes,
)

COLUMNS = 2


def picture(found: dict):
    """Draws mAP by loss, a panel for every ground; lines are ranges over seeds.

    Losses stand in the order of their mean place, the best on top, ours in bold.
    """
    order = [method for method, *_ in places(found)]
    rows = {method: row for row, method in enumerate(order)}
    grounds = {g: facts for g, facts in found["settings"]["grounds"].items() if whole(found, g)}
    lines = -(-len(grounds) // COLUMNS)
    figure = new_figure(3.2 * COLUMNS + 1.6, (0.24 * len(order) + 0.9) * lines + 0.3)
    shape = figure.subplots(lines, COLUMNS, sharey=True, squeeze=False)
    panels = shape.ravel()[: len(grounds)]
    for unused in shape.ravel()[len(grounds) :]:
        unused.remove()
    for axes, (ground, facts) in zip(panels, grounds.items(), strict=True):
        plain_axes(axes)
        for at, length in enumerate(found["settings"]["code_lengths"]):
            measured = whole(found, ground).get(length, [])
            heights = [rows[cell.method] + 0.22 * (at - 1) for cell in measured]
            color = COLORS[at]
            axes.hlines(
                heights,
                [min(cell.values) for cell in measured],
                [max(cell.values) for cell in measured],
                color=color,
                linewidth=1.2,
            )
            axes.plot(
                [cell.mean for cell in measured],
                heights,
                MARKERS[at],
                color=color,
                markersize=4.5,
                label=f"{length} bits",
            )
        axes.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.5)
        axes.set_title(facts["title"], loc="left", fontsize=9, color=INK)
        axes.set(xlabel="mAP", ylim=(len(order) - 0.4, -0.6))
    for axes in shape[:, 0]:
        axes.set_yticks(range(len(order)), [LABELS[method] for method in order])
        for label, method in zip(axes.get_yticklabels(), order, strict=True):
            label.set_fontweight("bold" if method in OURS else "normal")
    for axes in panels:
        axes.tick_params(axis="y", length=0)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def draw(found: dict, path: Path) -> None:
    save_figure(picture(found), path)
