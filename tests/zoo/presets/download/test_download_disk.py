"""Eight processes, a full disk, and a cache that cannot be written."""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROGRAM = """
import sys
from classwise.zoo.presets.locate import locate
print("ready", flush=True)
sys.stdin.readline()
print(locate(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))
"""


def test_eight_processes_fetch_once(server, fetch, content, answer, cache):
    server.usual = answer(pause=0.1)
    arguments = (
        "files/small hasher.keras",
        len(content),
        hashlib.sha256(content).hexdigest(),
        server.url,
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert Path(out.strip()).read_bytes() == content
    assert len(server.requests) == 1


def test_a_full_disk(server, fetch, complaint, content, left_behind):
    """A limit on the size of files fails a write in the middle of it, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        message = complaint(server.url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be written to the cache folder" in message
    assert "File too large; make room there (`classwise cache --clean`)" in message
    assert left_behind() == []
    assert fetch(server.url).read_bytes() == content


@pytest.fixture
def read_only_folder():
    """Returns a function that takes the right to write a folder from this process."""
    user = os.geteuid()
    # Not below pytest's own folder, which only the user who runs it may enter.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)

        def protect():
            path.chmod(0o555)
            if user == 0:  # who may write everywhere
                os.seteuid(65534)
            return path

        path.chmod(0o755)
        yield path, protect
        os.seteuid(user)
        path.chmod(0o755)


def test_a_read_only_cache(server, fetch, complaint, content, monkeypatch, read_only_folder):
    folder, protect = read_only_folder
    monkeypatch.setenv("CLASSWISE_CACHE", str(folder))
    path = fetch(server.url)
    server.requests.clear()
    protect()
    assert fetch(server.url).read_bytes() == content  # reading needs no lock
    monkeypatch.setenv("CLASSWISE_CACHE", str(folder / "below"))
    message = complaint(server.url)
    assert f"cache folder {folder / 'below'}: Permission denied" in message
    assert "CLASSWISE_CACHE" in message
    assert path.is_file()
    assert server.requests == []


def test_a_cache_that_is_a_file(server, complaint, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLASSWISE_CACHE", str(tmp_path / "file"))
    assert f"cache folder {tmp_path / 'file'}: " in complaint(server.url)
