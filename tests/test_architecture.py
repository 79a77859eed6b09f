"""The floors of the house: who may import whom, read from the sources."""

import ast
import re

from tools.publish.floors import FLOOR, climbs, doors, read, room_of, sources, stub_homes

NAMED = re.compile(r"classwise\.[a-z_.]+[a-z]")


def test_every_import_goes_down():
    wrong = climbs(read(), stub_homes())
    assert not wrong, "\n".join(wrong)


def test_every_module_stands_in_a_room():
    known = {"classwise.__init__", "classwise.__main__"} | {f"{door}.__init__" for door in doors()}
    homeless = [name for name in sources() if room_of(name) is None and name not in known]
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


def test_no_module_takes_the_place_of_a_lazy_name():
    """Importing a module sets its name in its package, where a function's would never be asked."""
    modules = {name.removesuffix(".__init__") for name in sources()}
    for name, home in stub_homes().items():
        assert name == home or name not in modules, f"{name} is {home}, and a module too"
