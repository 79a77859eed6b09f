"""Mirrors and a model hub on real HTTP servers, well- or ill-behaved, and empty caches."""

import contextlib
import hashlib
import random
from pathlib import Path

import pytest

from classwise.zoo import InputError
from classwise.zoo.presets.locate import locate
from tests.zoo.presets.hub_server import HubServer
from tests.zoo.presets.mirror_server import Answer, MirrorServer, running

FILE = "files/small hasher.keras"
CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def serve(tmp_path):
    """Returns a function that starts a server; it holds `FILE`, or what a given folder holds."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path | None = None) -> MirrorServer:
            if folder is None:
                folder = tmp_path / "served"
                for root in (folder, folder / "mirror"):
                    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
                    (root / FILE).write_bytes(CONTENT)
            return stack.enter_context(running(MirrorServer(folder)))

        yield start


@pytest.fixture
def server(serve):
    """A server with `FILE` in its root and in /mirror/."""
    return serve()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and no mirror."""
    for name in ("CLASSWISE_MIRRORS", "CLASSWISE_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("CLASSWISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(tmp_path, monkeypatch, cache):
    """A hub, which every process asks that a test starts; its cache is empty."""
    with running(HubServer(tmp_path / "hub")) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub_cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_of_the_tests")
        # The hub's other protocol, whose client is no Python; read when the library is imported.
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        yield server


@pytest.fixture
def fetch(cache):
    """Returns a function that locates `FILE` with given mirrors."""
    return lambda mirrors=None: locate(FILE, len(CONTENT), SHA256, mirrors)


@pytest.fixture
def content():
    """What `FILE` holds."""
    return CONTENT


@pytest.fixture
def answer():
    """The class `Answer`."""
    return Answer


@pytest.fixture
def left_behind(cache):
    """Returns a function that lists the cache's files but the empty locks."""

    def names():
        found = [path for path in cache.rglob("*") if path.is_file()]
        return sorted(path.name for path in found if path.stat().st_size or path.suffix != ".lock")

    return names


@pytest.fixture
def complaint(fetch):
    """Returns a function that fetches in vain and returns the message."""

    def message(mirrors):
        with pytest.raises(InputError) as caught:
            fetch(mirrors)
        text = str(caught.value)
        assert "files/small hasher.keras" in text
        assert "\n" not in text
        return text

    return message
