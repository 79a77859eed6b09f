"""A mirror on a real HTTP server that behaves as badly as a test asks for, and an empty cache."""

import contextlib
import dataclasses
import hashlib
import http.server
import random
import socket
import struct
import threading
import time
from pathlib import Path
from urllib.parse import unquote

import pytest

from classwise.zoo import InputError
from classwise.zoo.presets.download import download, mirror_source
from classwise.zoo.presets.locate import locate

FILE = "files/small hasher.keras"
CONTENT = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclasses.dataclass
class Answer:
    """How a server answers one request.

    Args:
        status: instead of 200 or 206.
        location: of a redirect.
        cut: bytes of the body after which the connection ends.
        reset: it ends as if the server had died.
        length: Content-Length beside the truth.
        ranges: whether the server knows the header Range.
        content_range: instead of the right one.
        altered: one byte is another one.
        piece, pause: bytes sent at once, seconds after each.
    """

    status: int | None = None
    location: str | None = None
    cut: int | None = None
    reset: bool = False
    length: int | None = None
    ranges: bool = True
    content_range: str | None = None
    altered: bool = False
    piece: int = 1 << 16
    pause: float = 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.requests.append((self.path, wanted))
        answer = server.answers.pop(0) if server.answers else server.usual
        if answer.status or answer.location:
            self.send_response(answer.status or 302)
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            return
        file = server.folder / unquote(self.path).lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        content = bytearray(file.read_bytes())
        if answer.altered:
            content[len(content) // 2] ^= 1
        start = int(wanted[len("bytes=") : -1]) if wanted and answer.ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            right = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", answer.content_range or right)
        body = content[start:]
        self.send_header("Content-Length", answer.length or len(body))
        self.end_headers()
        body = body[: answer.cut]
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            for begin in range(0, len(body), answer.piece):
                self.wfile.write(body[begin : begin + answer.piece])
                time.sleep(answer.pause)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *arguments):
        pass


class MirrorServer(http.server.ThreadingHTTPServer):
    """Serves a folder; `answers` are for the next requests, `usual` for those after them."""

    daemon_threads = True

    def __init__(self, folder: Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.answers: list[Answer] = []
        self.usual = Answer()
        self.requests: list[tuple[str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    @property
    def ranges(self) -> list[str | None]:
        """What was asked for, request by request."""
        return [wanted for _, wanted in self.requests]

    def handle_error(self, request, client_address):
        pass  # a test closes connections on purpose


@contextlib.contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve(tmp_path):
    """Returns a function that starts a server; it holds `FILE`, or what a given folder holds."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path | None = None) -> MirrorServer:
            if folder is None:
                folder = tmp_path / "served"
                for root in (folder, folder / "mirror", folder / "o/r/resolve/main"):
                    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
                    (root / FILE).write_bytes(CONTENT)
            return stack.enter_context(running(MirrorServer(folder)))

        yield start


@pytest.fixture
def server(serve):
    """A server with `FILE` in its root, in /mirror/ and in /o/r/resolve/main/."""
    return serve()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, no mirror, and no waiting between attempts."""
    for name in ("CLASSWISE_MIRRORS", "CLASSWISE_OFFLINE", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("CLASSWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(mirror_source, "SILENT_SECONDS", 5)
    return tmp_path / "cache"


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
