"""Checks the types of the public surface, and of nothing else: every name of a front door's stub.

python -m tools.publish.check_types
"""

import subprocess
import sys

from tools.publish.floors import ROOT, doors, sources, stub_homes

# Their front doors list what they let in without a stub.
WHOLE = ("losses", "zoo.retrieval")


def public_modules() -> list[str]:
    """Returns the front doors, and the modules in which the names of their stubs are defined."""
    modules = {name.removesuffix(".__init__") for name in sources()}
    found = set(doors())
    for home in stub_homes().values():
        found.add(home if home in modules else home.rpartition(".")[0])
    rooms = tuple(f"classwise.{room}" for room in WHOLE)
    return sorted(found | {name for name in modules if name.startswith(rooms)})


if __name__ == "__main__":
    named = (option for name in public_modules() for option in ("--module", name))
    raise SystemExit(subprocess.run([sys.executable, "-m", "mypy", *named], cwd=ROOT).returncode)
