"""`classwise encode --engine ray`, killed with no time to clear up: a worker, and all of it."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classwise.zoo.encoding.read_codes import read_codes

pytest.importorskip("ray")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.large

COUNT, SECONDS = 96, 240


@pytest.fixture
def photos(tmp_path):
    """Photos that take a tenth of a second each: links to one file, but for the first ones."""
    (tmp_path / "photos").mkdir()
    random = np.random.default_rng(0)
    for number in range(COUNT):
        path = tmp_path / "photos" / f"{number:03d}.jpg"
        if number < 8:
            coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
            file = io.BytesIO()
            coarse.resize((2800, 2000)).save(file, "JPEG")
            path.write_bytes(file.getvalue())
        else:
            path.hardlink_to(tmp_path / "photos" / f"{number % 8:03d}.jpg")
    return tmp_path / "photos"


@pytest.fixture
def command(photos, make_onnx_file):
    """The command line, without its output and engine."""
    arguments = ["-m", "classwise", "encode", make_onnx_file(), photos, "--batch-size", "1"]
    return [sys.executable, *map(str, arguments), "--embeddings"]


@pytest.fixture
def started(command, tmp_path):
    """Starts the command on Ray; returns its process once a few parts are there."""
    processes = []

    def start() -> subprocess.Popen:
        with (tmp_path / "log").open("a") as log:
            process = subprocess.Popen(
                [*command, "-o", "codes", "--engine", "ray", "--workers", "2"],
                cwd=tmp_path,
                stdout=log,
                stderr=log,
            )
        processes.append(process)
        end = time.monotonic() + SECONDS
        while len(parts(tmp_path)) < 4 and time.monotonic() < end:
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.05)
        return process

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def parts(folder: Path) -> dict[str, int]:
    """Returns the parts of a run, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "codes.part").glob("part-*")}


def below(process: int) -> dict[int, str]:
    """Returns all processes that a process has started, and what they call themselves."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            number = int(folder.name)
            parents[number] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            names[number] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    found, waiting = {}, [process]
    while waiting:
        parent = waiting.pop()
        children = [number for number, each in parents.items() if each == parent]
        found |= {number: names[number] for number in children if number in names}
        waiting += children
    return found


def check_whole(command, tmp_path, earlier: dict[str, int]):
    """The codes are those of the local engine, and no part was written twice."""
    subprocess.run([*command, "-o", "local.npz"], cwd=tmp_path, check=True, capture_output=True)
    one, other = read_codes(tmp_path / "local.npz"), read_codes(tmp_path / "codes")
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)
    assert len(set(other["names"].tolist())) == COUNT
    for name, written in earlier.items():
        assert (tmp_path / "codes" / name).stat().st_mtime_ns == written
    assert not (tmp_path / "codes.part").exists()


def test_a_worker(command, started, tmp_path):
    process = started()
    workers = [number for number, name in below(process.pid).items() if "ray::MapWorker" in name]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    earlier = parts(tmp_path)
    assert len(earlier) < COUNT // 4  # there was something left to do
    assert process.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    check_whole(command, tmp_path, earlier)


def test_the_command(command, started, tmp_path):
    process = started()
    process.kill()
    process.wait()
    earlier = parts(tmp_path)
    assert 0 < len(earlier) < COUNT // 4
    assert not (tmp_path / "codes").exists()
    again = started()
    assert again.wait(SECONDS) == 0, (tmp_path / "log").read_text()
    check_whole(command, tmp_path, earlier)
    assert "of them from an earlier run" in (tmp_path / "log").read_text()
