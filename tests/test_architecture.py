"""The floors of the house: who may import whom, read from the sources."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# From the ground up. A room imports what stands on lower floors only, and nothing of its own floor.
FLOORS = (
    ("losses", "zoo.foundation"),
    ("zoo.methods", "zoo.backbones", "zoo.datasets", "zoo.retrieval"),
    ("zoo.models", "zoo.presets.download"),
    ("zoo.presets",),
    ("zoo.encoding", "zoo.training", "zoo.evaluation.report"),
    ("zoo.evaluation", "zoo.search"),
    ("export.graph",),
    ("export.onnx", "export.proof"),
    ("export.onnx.precision",),
    # Cards show the formats, as they are declared.
    ("export.formats",),
    ("zoo.cards", "export.bundles"),
    ("zoo.commands", "export.commands", "tools.publish"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# The front doors: names of theirs are followed to where they are defined.
DOORS = ("classwise", "classwise.zoo", "classwise.export", "classwise.zoo.training")
NAMED = re.compile(r"classwise\.[a-z_.]+[a-z]")


def room_of(module: str) -> str | None:
    """Returns the room of a dotted name below `classwise` or `tools`, None for a front door."""
    name = module.removeprefix("classwise.")
    rooms = [room for room in FLOOR if name == room or name.startswith(f"{room}.")]
    return max(rooms, key=len) if rooms else None


def sources() -> dict[str, Path]:
    """Returns all modules of the product and of its maintainers' tools by dotted name."""
    files = [*(ROOT / "classwise").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    return {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in files}


def stub_homes() -> dict[str, str]:
    """Returns where the names of the front doors are defined."""
    homes = {}
    for door in DOORS:
        stub = ROOT.joinpath(*door.split("."), "__init__.pyi")
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
    return {homes.get(name, name) for name in ours}


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


def read() -> dict[str, str]:
    return {name: file.read_text(encoding="utf-8") for name, file in sources().items()}


def test_every_import_goes_down():
    wrong = climbs(read(), stub_homes())
    assert not wrong, "\n".join(wrong)


def test_every_module_stands_in_a_room():
    doors = {"classwise.__init__", "classwise.__main__"} | {f"{door}.__init__" for door in DOORS}
    homeless = [name for name in sources() if room_of(name) is None and name not in doors]
    assert not homeless


def test_only_commands_are_named_as_text():
    """Text with a module's name is an import too, and only the command line's table may climb."""
    for name, source in read().items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = NAMED.fullmatch(node.value)
                other = room_of(node.value) if match else None
                if other and name != "classwise.zoo.commands.__init__":
                    assert FLOOR[other] <= FLOOR[room_of(name)], f"{name} names {node.value}"


def test_a_climb_is_seen():
    homes = stub_homes()
    for source in (
        "from classwise.zoo.training import train",
        "def late():\n    import classwise.zoo.commands",
        "from classwise.zoo import Hasher",
        "from classwise.zoo.retrieval.hamming import evaluate_codes",
    ):
        assert climbs({"classwise.zoo.backbones.new": source}, homes), source
    assert not climbs({"classwise.zoo.models.new": "from classwise import losses"}, homes)
