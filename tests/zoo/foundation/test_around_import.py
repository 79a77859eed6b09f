"""Code around the import of a module, in a fresh process each."""

import subprocess
import sys

START = """
import contextlib, importlib.util, inspect, sys
from classwise.zoo.foundation.around_import import around_import

@contextlib.contextmanager
def context():
    print("before", "antigravity_stand_in" in sys.modules)
    yield
    print("after", sys.modules["antigravity_stand_in"].answer)
"""


def run(code, folder):
    (folder / "antigravity_stand_in.py").write_text("print('code')\nanswer = 42\n")
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{START}\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_later_import_runs_inside(tmp_path):
    code = """
around_import("antigravity_stand_in", context)
assert importlib.util.find_spec("antigravity_stand_in")  # looking is not importing
import antigravity_stand_in as module
import antigravity_stand_in
assert inspect.getsource(module).startswith("print")
assert module.__spec__.name == "antigravity_stand_in"
"""
    assert run(code, tmp_path) == ["before True", "code", "after 42"]


def test_what_is_imported_already_is_passed_at_once(tmp_path):
    code = "import antigravity_stand_in\naround_import('antigravity_stand_in', context)"
    assert run(code, tmp_path) == ["code", "before True", "after 42"]


def test_what_is_missing_stays_missing(tmp_path):
    code = """
around_import("no_such_module", context)
try:
    import no_such_module
except ModuleNotFoundError as error:
    print(error)
"""
    assert run(code, tmp_path) == ["No module named 'no_such_module'"]
