"""Mirrors: the folders that preset files are fetched from, each named by a URL."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

from classwise.zoo.foundation.errors import InputError

ALLOWED = "https://HOST/FOLDER, file:///FOLDER, hf://OWNER/REPO, or http:// on localhost"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
HUB = "https://huggingface.co"
HUB_DOMAINS = ("huggingface.co", "hf.co")


class MirrorError(Exception):
    """A mirror did not give a file; the message says why, after the mirror's name.

    Args:
        message: what the mirror did.
        again: asking once more may help.
        afresh: what was received before does not fit to what the mirror has.
    """

    def __init__(self, message: str, *, again: bool = False, afresh: bool = False):
        super().__init__(message)
        self.again = again
        self.afresh = afresh


@dataclasses.dataclass(frozen=True)
class Mirror:
    """A folder of preset files, on a server or on this machine.

    Args:
        name: the URL as it was given, without a password.
        base: the URL of the folder; ends in "/".
        storage: domains, with their subdomains, that the server may redirect to beside `base`.
    """

    name: str
    base: str
    storage: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine, so that no network is needed."""
        return self.base.startswith("file:")

    def url(self, file: str) -> str:
        """Returns the URL of a file.

        Example:

        >>> parse_mirror("https://example.org/hashers").url("files/a b.keras")
        'https://example.org/hashers/files/a%20b.keras'
        """
        return self.base + quote(file)

    def path(self, file: str) -> Path:
        """Returns the path of a file of a local mirror."""
        from urllib.request import url2pathname  # imports all of HTTP

        return Path(url2pathname(urlsplit(self.base).path)) / file


def parse_mirrors(mirrors: str | Iterable[str] | None = None) -> list[Mirror]:
    """Returns mirrors in the order in which they are asked.

    Args:
        mirrors: URLs, or a text with commas or blanks between them. Defaults to those of the
            environment variable CLASSWISE_MIRRORS.

    Raises:
        InputError: something else than a mirror's URL.

    Example:

    >>> [mirror.base for mirror in parse_mirrors("file:///srv/hashers, hf://someone/hashers")]
    ['file:///srv/hashers/', 'https://huggingface.co/someone/hashers/resolve/main/']
    """
    if mirrors is None:
        mirrors = os.environ.get("CLASSWISE_MIRRORS", "")
    if isinstance(mirrors, str):
        mirrors = re.split(r"[,\s]+", mirrors)
    return [parse_mirror(url) for url in mirrors if url]


def parse_mirror(url: str) -> Mirror:
    """Returns the mirror that a URL names.

    Raises:
        InputError: another scheme, no host or folder, or a query, which a folder has not.
    """
    hub = re.fullmatch(r"hf://([\w.-]+/[\w.-]+)/?", url, flags=re.ASCII)
    if not hub:
        return folder_mirror(url)
    # The hub's own variable, which names another server with the same content.
    server = folder_mirror(os.environ.get("HF_ENDPOINT") or HUB)
    domains = (urlsplit(server.base).hostname, *HUB_DOMAINS)
    return Mirror(url, f"{server.base}{hub[1]}/resolve/main/", domains)


def folder_mirror(url: str) -> Mirror:
    """See `parse_mirror`, for all but a hub's repository."""
    name = re.sub(r"//[^/]*@", "//", url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading them checks them
    except ValueError as error:
        raise InputError(f"Mirror '{name}' is no URL ({error}); write {ALLOWED}.") from error
    allowed = {
        "https": bool(host),
        "http": host in LOCAL_HOSTS,
        "file": host in (None, "localhost") and parts.path.startswith("/"),
    }
    if not allowed.get(parts.scheme) or parts.query or parts.fragment:
        raise InputError(f"Mirror '{name}' is not allowed; write {ALLOWED}.")
    return Mirror(name, url.rstrip("/") + "/")


def is_offline() -> bool:
    """Returns whether the environment variable CLASSWISE_OFFLINE forbids the network.

    Raises:
        InputError: it is neither 0 nor 1.
    """
    value = os.environ.get("CLASSWISE_OFFLINE") or "0"
    if value not in ("0", "1"):
        raise InputError(f"CLASSWISE_OFFLINE is '{value}'; allowed: 1 (no network) or 0.")
    return value == "1"
