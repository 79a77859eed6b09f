"""The requests that a `PhotoServer` answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import printable
from classwise.zoo.foundation.templates import templates

if TYPE_CHECKING:
    from classwise.zoo.search.photo_server import PhotoServer

PAGES = {"serve.js": "classwise.zoo.search"} | dict.fromkeys(
    ("style.css", "walking.js"), "classwise.zoo.foundation"
)
KINDS = {"css": "text/css", "js": "text/javascript"}
# Nothing but this server is ever asked for anything.
POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MOST_UPLOAD = 32 * 1024 * 1024
MOST_HITS, MOST_SHOWN = 1000, 200
# Seconds that a client may take to send what it began.
PATIENCE = 30


class Reply(NamedTuple):
    """What is sent back."""

    body: bytes
    kind: str
    status: HTTPStatus = HTTPStatus.OK
    seconds_kept: int = 0


class Refusal(Exception):
    """A request that gets no answer: its status, and a sentence that says why."""

    def __init__(self, status: HTTPStatus, sentence: str):
        super().__init__(sentence)
        self.status = status


class PhotoHandler(BaseHTTPRequestHandler):
    """Answers one client of a `PhotoServer`."""

    server: PhotoServer
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def do_GET(self) -> None:
        self._answer(GETS)

    def do_POST(self) -> None:
        self._answer(POSTS)

    def _answer(self, actions: dict[str, Callable[[PhotoHandler, str], Reply]]) -> None:
        parts = urlsplit(self.path)
        self.asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        first, _, rest = parts.path.strip("/").partition("/")
        try:
            self._check_host()
            if first not in actions:
                raise Refusal(HTTPStatus.NOT_FOUND, f"There is no {parts.path[:80]!r} here.")
            reply = actions[first](self, rest)
        except (Refusal, InputError) as error:
            status = getattr(error, "status", HTTPStatus.BAD_REQUEST)
            # What was sent and not read would be taken for the next request.
            self.close_connection = True
            reply = json_reply({"error": printable(str(error))}, status)
        self.send_response(reply.status)
        headers = {
            "Content-Type": reply.kind,
            "Content-Length": str(len(reply.body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": f"private, max-age={reply.seconds_kept}"
            if reply.seconds_kept
            else "no-store",
        }
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _check_host(self) -> None:
        """Refuses names of hosts that lead here by somebody else's name server."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        if self.server.is_local and host not in ("localhost", "127.0.0.1", "::1"):
            raise Refusal(HTTPStatus.FORBIDDEN, f"This server is not {host[:80]!r}.")

    def number(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """Returns a whole number of the request, or raises `Refusal` where it is none."""
        text = self.asked.get(name, "" if default is None else str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text[:12]) <= most:
            sentence = f"{name} is {text[:20]!r}; give a whole number from {least} to {most}."
            raise Refusal(HTTPStatus.BAD_REQUEST, sentence)
        return int(text)

    def upload(self) -> bytes:
        """Returns what was sent, or raises `Refusal` for nothing and for too much."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "Send an image, and say how long it is.")
        if int(length) > MOST_UPLOAD:
            raise Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The file has {int(length):,} bytes and {MOST_UPLOAD:,} are allowed; give a "
                "smaller image.",
            )
        return self.rfile.read(int(length))

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing: who looks at photos is nobody's business."""


def json_reply(document: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    return Reply(json.dumps(document).encode("ascii"), "application/json", status)


def page(handler: PhotoHandler, rest: str) -> Reply:
    text = templates("classwise.zoo.search").get_template("serve.html").render()
    return Reply(text.encode("utf-8"), "text/html; charset=utf-8")


def page_file(handler: PhotoHandler, rest: str) -> Reply:
    if rest not in PAGES:
        raise Refusal(HTTPStatus.NOT_FOUND, f"There is no file {rest[:80]!r} here.")
    content = (resources.files(PAGES[rest]) / "page" / rest).read_bytes()
    return Reply(content, f"{KINDS[rest.rpartition('.')[2]]}; charset=utf-8")


def about(handler: PhotoHandler, rest: str) -> Reply:
    return json_reply(handler.server.about())


def items(handler: PhotoHandler, rest: str) -> Reply:
    classes = len(handler.server.index.facts.class_names)
    label = handler.number("class", 0, classes - 1) if "class" in handler.asked else None
    count, seed = handler.number("count", 1, MOST_SHOWN, 36), handler.number("seed", 0, 10**9, 0)
    return json_reply(handler.server.some_items(count, label, seed))


def near(handler: PhotoHandler, rest: str) -> Reply:
    item = handler.number("item", 0, len(handler.server.index) - 1)
    return json_reply(handler.server.near_item(item, handler.number("k", 1, MOST_HITS, 24)))


def near_upload(handler: PhotoHandler, rest: str) -> Reply:
    k = handler.number("k", 1, MOST_HITS, 24)
    return json_reply(handler.server.near_upload(handler.upload(), k))


def picture(handler: PhotoHandler, rest: str) -> Reply:
    handler.asked["item"] = rest
    item = handler.number("item", 0, len(handler.server.index) - 1)
    try:
        return Reply(handler.server.thumbnail(item), "image/jpeg", seconds_kept=3600)
    except InputError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, f"The photo is gone: {error}") from error


# The first part of an address, and what answers it.
GETS = {
    "": page,
    "page": page_file,
    "about": about,
    "items": items,
    "near": near,
    "thumbnails": picture,
}
POSTS = {"near": near_upload}
