"""Any arguments, any files: status 0, 1 or 2, one sentence, nothing written on 2, no hang.

By default for some seconds; `make fuzz` runs it for an hour, or for CLASSWISE_FUZZ_SECONDS.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import sys
import time
import warnings
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, event, given, seed, settings
from hypothesis import strategies as st

from classwise.zoo.commands import build_parser, main
from tests.fuzz.command_lines import command_lines
from tests.fuzz.materials import damage, damages, files_in, write_materials

SECONDS = float(os.environ.get("CLASSWISE_FUZZ_SECONDS", "15"))
HANG_SECONDS = int(os.environ.get("CLASSWISE_FUZZ_HANG", "60"))
ROUND = 200


class Hang(BaseException):
    """A command has not ended."""


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    folder = tmp_path_factory.mktemp("materials") / "all"
    folder.mkdir()
    write_materials(folder)
    return folder


def state_of(folder):
    """Returns what is in a folder, all contents included."""
    found = {}
    for name in files_in(folder):
        path = folder / name
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = path.stat().st_mode
    return found


@contextlib.contextmanager
def isolated(folder, cache):
    """Runs the block in a folder of its own, with nothing of it left in this process."""
    environment = {
        "CLASSWISE_CACHE": str(cache),
        "CLASSWISE_OFFLINE": "1",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(cache),
        "COLUMNS": "80",
    }
    path = list(sys.path)
    with (
        mock.patch.dict(os.environ, environment),
        warnings.catch_warnings(),
        contextlib.chdir(folder),
    ):
        try:
            yield
        finally:
            sys.path[:] = path


def run(line):
    """Runs a command line; returns its exit status and what it printed."""

    def ring(*_):
        raise Hang(line)

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    err.reconfigure(errors="backslashreplace")
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG_SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(line)
            except SystemExit as stop:
                status = stop.code
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8"))
    return status, *texts


def takes_minutes(line):
    """Returns whether a command line asks for a real training, by a bundled recipe, or for all."""
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            options = build_parser().parse_args(line)
    except SystemExit:
        return False
    if options.command == "train":
        return options.recipe is None or not options.recipe.endswith(".toml")
    return options.command == "demo"


def check(line, files, folder, cache):
    before = state_of(folder)
    with isolated(folder, cache):
        status, out, err = run(line)
    told = (line, files, status, out[-300:], err[-1000:])
    event(f"{line[0]}: {status}")
    assert status in (0, 1, 2), told
    assert "Traceback" not in err, told
    lines = [each for each in err.splitlines() if each.strip()]
    if status == 2:
        assert out == "", told
        assert lines[-1].startswith("classwise"), told
        assert sum(each.startswith("classwise") for each in lines) == 1, told
        assert state_of(folder) == before, told
    if status == 1:
        assert lines or out, told
    if status == 0 and "--json" in line and "--help" not in line:
        json.loads(out, parse_constant=pytest.fail)


def test_any_command_line(materials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    work, cache = folder / "work", folder / "cache"
    names = files_in(materials)
    end = time.monotonic() + SECONDS
    tried = 0

    @settings(
        max_examples=ROUND,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(command_lines(names), st.lists(damages(names), max_size=2))
    def anything(line, files):
        nonlocal tried
        if time.monotonic() > end or takes_minutes(line):
            return
        tried += 1
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(materials, work, symlinks=True)
        for each in files:
            damage(work, *each)
        check(line, files, work, cache)

    number = 0
    while time.monotonic() < end:
        # From run to run the same command lines, in long runs ever new ones.
        seed(number)(anything)()
        number += 1
    assert tried > 0
