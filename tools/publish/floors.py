"""The floors of the house, and who imports whom, read from the sources.

`tests/test_architecture.py` checks them, `draw_architecture` draws them.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# From the ground up. A room imports what stands on lower floors only, and nothing of its own floor.
FLOORS = (
    ("losses", "zoo.foundation"),
    ("zoo.methods", "zoo.backbones", "zoo.datasets", "zoo.retrieval"),
    ("zoo.models", "zoo.presets.download"),
    ("zoo.presets",),
    ("zoo.training", "zoo.encoding", "zoo.evaluation.report"),
    ("zoo.evaluation", "zoo.search", "zoo.fitting"),
    ("export.graph",),
    ("export.onnx", "export.proof"),
    ("export.onnx.precision",),
    # Cards show the formats, as they are declared.
    ("export.formats",),
    ("zoo.cards", "export.bundles"),
    ("zoo.commands", "export.commands", "tools.publish"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# What the package itself knows, for everybody.
OF_THE_PACKAGE = {"classwise.__version__"}


def room_of(module: str) -> str | None:
    """Returns the room of a dotted name below `classwise` or `tools`, None for a front door."""
    name = module.removeprefix("classwise.")
    rooms = [room for room in FLOOR if name == room or name.startswith(f"{room}.")]
    return max(rooms, key=len) if rooms else None


def sources() -> dict[str, Path]:
    """Returns all modules of the product and of its maintainers' tools by dotted name."""
    files = [*(ROOT / "classwise").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    return {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in sorted(files)}


def read() -> dict[str, str]:
    """Returns the text of all modules by dotted name."""
    return {name: file.read_text(encoding="utf-8") for name, file in sources().items()}


def doors() -> dict[str, Path]:
    """Returns the front doors: packages whose stubs name what they let in, and the stubs."""
    stubs = sorted((ROOT / "classwise").rglob("__init__.pyi"))
    return {".".join(stub.parent.relative_to(ROOT).parts): stub for stub in stubs}


def stub_homes() -> dict[str, str]:
    """Returns where the names of the front doors are defined."""
    homes = {}
    for door, stub in doors().items():
        for node in ast.walk(ast.parse(stub.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                home = f"{door}.{node.module}" if node.module else door
                homes |= {f"{door}.{a.asname or a.name}": f"{home}.{a.name}" for a in node.names}
    return homes


def imported(source: str, homes: dict[str, str]) -> set[str]:
    """Returns what a module imports of ours, inside functions and for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in found if name.split(".")[0] in ("classwise", "tools")}
    return {homes.get(name, name) for name in ours - OF_THE_PACKAGE}


def arrows(modules: dict[str, str], homes: dict[str, str]) -> set[tuple[str, str]]:
    """Returns which rooms import which, given sources by dotted name."""
    found = set()
    for module, source in modules.items():
        room = room_of(module)
        others = {room_of(name) for name in imported(source, homes)} - {room, None}
        found |= {(room, other) for other in others if room}
    return found


def climbs(modules: dict[str, str], homes: dict[str, str]) -> list[str]:
    """Returns every import that does not go down, given sources by dotted name."""
    wrong = []
    for module, source in sorted(modules.items()):
        room = room_of(module)
        for name in sorted(imported(source, homes)):
            other = room_of(name)
            if other is None or room is None:
                if room is not None or not module.endswith(("__init__", "__main__")):
                    wrong.append(f"{module} imports {name}, which stands in no room")
            elif other != room and FLOOR[other] >= FLOOR[room]:
                wrong.append(f"{module} imports {name}: {room} does not stand above {other}")
    return wrong
