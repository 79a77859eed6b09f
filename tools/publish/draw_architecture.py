"""Draws the rooms of the house, floor by floor, into docs/architecture.svg, in the checkout's root:

python -m tools.publish.draw_architecture
"""

import ast
import textwrap
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as MplPath

from classwise.zoo.foundation.files import replacing_file
from tools.publish.floors import FLOORS, ROOT, arrows, read, stub_homes

PICTURE = Path("docs", "architecture.svg")
COLORS = {"losses": "#fbe3c8", "zoo": "#d6e8f5", "export": "#d9efe0", "tools": "#ececec"}
# In inches: of a room, from floor to floor, and from left to right of the house and its wing.
WIDTH, HEIGHT, FLOOR_HEIGHT = 2.3, 0.68, 1.15
MAIN, WING, MARGIN = (0, 12.5), (12.5, 15), 0.05
LETTERS = 38  # of a line in a room
LINE = "#7a8288"
CODE = ROOT / "classwise"
# Text stays text, which keeps the file small; the same rooms give the same bytes.
LOOK = {"svg.hashsalt": "classwise", "svg.fonttype": "none"}


def drawn_arrows(every: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Returns the arrows that no longer way along other arrows says already.

    Example:

    >>> sorted(drawn_arrows({("c", "b"), ("b", "a"), ("c", "a")}))
    [('b', 'a'), ('c', 'b')]
    """

    def below(room: str) -> set[str]:
        direct = {target for source, target in every if source == room}
        return direct.union(*map(below, direct))

    return {
        (source, target)
        for source, target in every
        if not any(target in below(other) for first, other in every if first == source)
    }


def summary(room: str) -> str:
    """Returns the first sentence of a room's docstring."""
    path = (
        ROOT.joinpath(*room.split("."))
        if room.startswith("tools")
        else CODE.joinpath(*room.split("."))
    )
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def places(every: set[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Returns where the middle of each room is, in inches: as low as its imports let it stand.

    The rooms of `export` have a wing of their own, on the right.
    """

    def level(room: str) -> int:
        return max((1 + level(target) for source, target in every if source == room), default=0)

    rooms = [room for floor in FLOORS for room in floor if any(room in arrow for arrow in every)]
    found = {}
    for (left, right), is_export in ((MAIN, False), (WING, True)):
        wing = [room for room in rooms if room.startswith("export") == is_export]
        for number in set(map(level, wing)):
            beside = [room for room in wing if level(room) == number]
            for position, room in enumerate(beside):
                x = left + (right - left) * (position + 0.5) / len(beside)
                found[room] = x, number * FLOOR_HEIGHT
    return found


def draw(every: set[tuple[str, str]]) -> Figure:
    """Returns the picture of the rooms, given which of them import which."""
    where = places(every)
    width, height = WING[1] + MARGIN, max(y for _, y in where.values()) + FLOOR_HEIGHT
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(-FLOOR_HEIGHT / 2, height - FLOOR_HEIGHT / 2))
    axes.axis("off")
    for source, target in sorted(drawn_arrows(every)):
        draw_arrow(axes, where[source], where[target])
    for room, place in where.items():
        draw_room(axes, room, place)
    return figure


def draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draws an arrow from the floor of a room to the ceiling of another, upright at both ends."""
    (x, y), (to_x, to_y) = (start[0], start[1] - HEIGHT / 2), (end[0], end[1] + HEIGHT / 2 + 0.05)
    bend = min(0.4 * (y - to_y), 0.8)
    path = MplPath(
        [(x, y), (x, y - bend), (to_x, to_y + bend), (to_x, to_y)],
        [MplPath.MOVETO, *[MplPath.CURVE4] * 3],
    )
    style = {"arrowstyle": "-|>", "mutation_scale": 9, "color": LINE, "linewidth": 0.9}
    axes.add_patch(FancyArrowPatch(path=path, zorder=1, **style))


def draw_room(axes: Axes, room: str, place: tuple[float, float]) -> None:
    """Draws a room with its name and what it is for."""
    x, y = place
    corner, color = (x - WIDTH / 2, y - HEIGHT / 2), COLORS[room.partition(".")[0]]
    style = {"facecolor": color, "edgecolor": LINE, "zorder": 2}
    axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, "round,pad=0.03", **style))
    text = textwrap.fill(summary(room), LETTERS, max_lines=2, placeholder=" …")
    middle = {"ha": "center", "va": "center", "zorder": 3}
    axes.text(x, y + 0.19, room, weight="bold", fontsize=9.5, **middle)
    axes.text(x, y - 0.12, text, fontsize=7.5, **middle)


def described(every: set[tuple[str, str]]) -> str:
    """Returns the arrows as the picture's file names them, so that an old one is noticed."""
    return "; ".join(f"{source} imports {target}" for source, target in sorted(every))


def write(path: Path) -> None:
    """Writes the picture of the house as it stands."""
    every = arrows(read(), stub_homes())
    known = {"Date": None, "Title": "The rooms of classwise", "Description": described(every)}
    with replacing_file(path) as temporary, rc_context(LOOK):
        draw(every).savefig(temporary, metadata=known)


if __name__ == "__main__":
    write(Path.cwd() / PICTURE)
