"""The Python of docs/FITTING.md runs, and its command line exists."""

import re
import shlex
from pathlib import Path

from classwise.zoo.commands import build_parser

TEXT = (Path(__file__).parents[3] / "docs" / "FITTING.md").read_text(encoding="utf-8")


def test_the_python_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "FITTING.md", "exec"), {})
    assert (tmp_path / "mine.keras").is_file()


def test_the_commands_exist():
    commands = re.findall(r"^    classwise (.*)$", TEXT, re.MULTILINE)
    assert commands
    for command in commands:
        build_parser().parse_args(shlex.split(command))


def test_every_option_of_the_table_exists():
    options = set(re.findall(r"`(--[a-z-]+)", TEXT))
    (commands,) = (a for a in build_parser()._actions if a.dest == "command")
    known = set(commands.choices["fit"]._option_string_actions)
    assert options <= known
