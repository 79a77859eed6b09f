"""Opens a file of a mirror for reading, from some byte on: over HTTP, or from a folder."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.metadata import version
from urllib.parse import urljoin

import requests
import urllib3
from urllib3.util import Url, parse_url

from classwise.zoo.presets.download.mirrors import Mirror, MirrorError

CHUNK = 1 << 16
CONNECT_SECONDS, SILENT_SECONDS = 10, 30
# Fewer bytes than this in so many seconds are a connection that is as good as dead.
LEAST_BYTES, LEAST_SECONDS = 30_000, 30
REDIRECTS = 5
# What may have passed when asked again; 429 asks for that in so many words.
PASSING = (408, 425, 429, 500, 502, 503, 504)
DEFAULT_PORTS = {"https": 443, "http": 80}
BAD_URL = (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError)
TIMEOUTS = (requests.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)


def open_source(
    mirror: Mirror, file: str, offset: int
) -> AbstractContextManager[tuple[int, Iterator[bytes]]]:
    """Opens a file of a mirror.

    Args:
        mirror: where it lies.
        file: its path there.
        offset: the first byte that is wanted.

    Returns:
        A context of the first byte that comes, `offset` or 0, and an iterator over the bytes.

    Raises:
        MirrorError: there, or in the iterator, whatever goes wrong on the mirror's side.
    """
    return (open_folder if mirror.is_local else open_http)(mirror, file, offset)


@contextlib.contextmanager
def open_folder(mirror: Mirror, file: str, offset: int):
    """See `open_source`, for a folder of this machine."""
    try:
        source = mirror.path(file).open("rb")
    except OSError as error:
        raise MirrorError(error.strerror) from error

    def chunks():
        try:
            source.seek(offset)
            while chunk := source.read(CHUNK):
                yield chunk
        except OSError as error:
            raise MirrorError(error.strerror) from error

    with source:
        yield offset, chunks()


@contextlib.contextmanager
def open_http(mirror: Mirror, file: str, offset: int):
    """See `open_source`, for a server."""
    # Compressed on its way, a file could not be continued at a byte of its own.
    headers = {"Accept-Encoding": "identity", "User-Agent": f"classwise/{version('classwise')}"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        with requests.Session() as session:
            session.headers.update(headers)
            with follow(session, mirror, mirror.url(file)) as response:
                yield first_byte(response, offset), chunks(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        lasting = isinstance(error, (requests.exceptions.SSLError, *BAD_URL))
        raise MirrorError(reason(error), again=not lasting) from error


def follow(session: requests.Session, mirror: Mirror, url: str) -> requests.Response:
    """Returns the response at the end of redirects, none of which leads out of the mirror."""
    for _ in range(REDIRECTS + 1):
        request = session.prepare_request(requests.Request("GET", url))
        # Proxies and certificates. Not `session.send`, which reads all of a redirect's body.
        settings = session.merge_environment_settings(request.url, {}, True, None, None)
        response = session.get_adapter(request.url).send(
            request, timeout=(CONNECT_SECONDS, SILENT_SECONDS), **settings
        )
        if not response.is_redirect:
            return response
        response.close()
        url = redirected(mirror, url, response.headers["Location"])
    raise MirrorError(f"redirects more than {REDIRECTS} times, perhaps in a loop")


def redirected(mirror: Mirror, url: str, location: str) -> str:
    """Returns the URL of a redirect, in the normal form in which it will be asked for.

    It is read by the parser of the library that will fetch it: two parsers can see two hosts in
    one URL.

    Raises:
        MirrorError: it lies neither in the mirror nor in the storage of its server.
    """
    try:
        base, target = normal(mirror.base), normal(urljoin(url, location))
    except (ValueError, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise MirrorError("redirects to something that is no URL") from error
    host = target.host or ""
    same_server = origin(target) == origin(base)
    in_folder = same_server and (target.path or "/").startswith(base.path)
    in_storage = (same_server or target.scheme == "https") and any(
        host == domain or host.endswith(f".{domain}") for domain in mirror.storage
    )
    if (in_folder or in_storage) and not target.auth:
        return target.url
    shown = target._replace(auth=None, query=None, fragment=None)
    raise MirrorError(f"redirects out of the mirror, to {shown}, which is refused")


def normal(url: str) -> Url:
    return parse_url(requests.utils.requote_uri(url))


def origin(url: Url) -> tuple:
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme)


def first_byte(response: requests.Response, offset: int) -> int:
    """Returns the position of the first byte of a response's body.

    Raises:
        MirrorError: the response holds no part of the file that continues what is there.
    """
    status = response.status_code
    if status == 200:  # also from a server that knows no ranges
        return 0
    if status == 206:
        given = response.headers.get("Content-Range", "")
        match = re.match(r"bytes (\d+)-", given)
        if match and int(match[1]) == offset:
            return offset
        raise MirrorError(
            f"sends '{given[:40]}' when asked for bytes from {offset} on", again=True, afresh=True
        )
    if status == 416:
        raise MirrorError(f"has a shorter file, without byte {offset}", again=True, afresh=True)
    phrase = http.client.responses.get(status, "")
    raise MirrorError(f"answers {status} {phrase}".rstrip(), again=status in PASSING)


def chunks(response: requests.Response) -> Iterator[bytes]:
    """Yields what arrives as it arrives, so that none of it is lost when the connection breaks.

    Raises:
        MirrorError: next to nothing arrives.
    """
    received, until = 0, time.monotonic() + LEAST_SECONDS
    response.raw.enforce_content_length = False  # it may lie; the recorded size is what counts
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        yield chunk
        received += len(chunk)
        if time.monotonic() > until:
            if received < LEAST_BYTES:
                message = f"sends fewer than {LEAST_BYTES} bytes in {LEAST_SECONDS} s"
                raise MirrorError(message, again=True)
            received, until = 0, time.monotonic() + LEAST_SECONDS


def reason(error: BaseException | None) -> str:
    """Returns the innermost cause that the operating system has words for."""
    found = "broke the connection"
    while error is not None:
        if isinstance(error, TIMEOUTS):
            return "does not answer in time"
        if isinstance(error, BAD_URL):
            return "is no URL that can be opened"
        if isinstance(error, OSError) and error.strerror:
            found = error.strerror
        error = error.__cause__ or error.__context__
    return found
