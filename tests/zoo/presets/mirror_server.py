"""A web server of files that behaves as badly as a test asks for."""

import contextlib
import dataclasses
import http.server
import socket
import struct
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclasses.dataclass
class Answer:
    """How a server answers one request.

    Args:
        status: instead of 200.
        location: of a redirect.
        cut: bytes of the body after which the connection ends.
        reset: it ends as if the server had died.
        length: Content-Length beside the truth.
        altered: one byte is another one.
        repeated: how often the body is sent, without an end in sight of the client.
        drip: what is sent again and again instead of an answer, a piece every tenth of a second.
        pause: seconds after each piece of the body.
    """

    status: int | None = None
    location: str | None = None
    cut: int | None = None
    reset: bool = False
    length: int | None = None
    altered: bool = False
    repeated: int = 1
    drip: tuple[bytes, bytes] | None = None
    pause: float = 0.0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        answer = server.answers.pop(0) if server.answers else server.usual
        with contextlib.suppress(ConnectionError):  # the client may have had enough
            self.give(answer)

    do_HEAD = do_GET

    def give(self, answer: Answer):
        if answer.drip:
            first, piece = answer.drip
            self.wfile.write(first)
            while not self.server.stopped.wait(0.1):
                self.wfile.write(piece)
            return
        if answer.status or answer.location:
            self.send_response(answer.status or 302)
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            return
        file = self.server.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        content = bytearray(file.read_bytes())
        if answer.altered:
            content[len(content) // 2] ^= 1
        self.send_response(200)
        if answer.repeated == 1:
            self.send_header("Content-Length", answer.length or len(content))
        self.end_headers()
        for _ in range(answer.repeated):
            body = content[: answer.cut]
            for begin in range(0, len(body), 30_000):
                self.wfile.write(body[begin : begin + 30_000])
                time.sleep(answer.pause)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *arguments):
        pass


class MirrorServer(http.server.ThreadingHTTPServer):
    """Serves a folder; `answers` are for the next requests, `usual` for those after them."""

    daemon_threads = True
    handler = Handler

    def __init__(self, folder: Path):
        super().__init__(("127.0.0.1", 0), self.handler)
        self.folder = folder
        self.answers: list[Answer] = []
        self.usual = Answer()
        self.requests: list[str] = []
        self.stopped = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a test closes connections on purpose


@contextlib.contextmanager
def running(server):
    """Runs a server in a thread."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
