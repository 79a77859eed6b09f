"""Mirrors: the folders that preset files are fetched from, each named by a URL."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlsplit

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.download.hub import HubPlace, parse_hub_place
from classwise.zoo.presets.download.transfer import TransferError, transfer

ALLOWED = "https://HOST/FOLDER, file:///FOLDER, hf://OWNER/REPO, or http:// on localhost"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclasses.dataclass(frozen=True)
class Mirror:
    """A folder of preset files, on a server or on this machine.

    Args:
        name: the URL as it was given, without a password.
        base: the URL of the folder; ends in "/".
        hub: the repository, of a hub's.
    """

    name: str
    base: str
    hub: HubPlace | None = None

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

    def fetch(self, file: str, folder: Path, most: int) -> Path:
        """Fetches a file into a folder; returns where it lies there.

        Args:
            file: its path on the mirror.
            folder: an empty one.
            most: bytes that may arrive.

        Raises:
            TransferError: the mirror does not give it.
            OSError: the folder cannot be written.
        """
        if self.is_local:
            return self.copy(file, folder)
        if self.hub:
            return transfer(self.hub.request("fetch_hub_file", file=file), folder, most)
        request = {"kind": "fetch_url", "url": self.url(file), "name": Path(file).name}
        return transfer(request, folder, most)

    def copy(self, file: str, folder: Path) -> Path:
        """See `fetch`, for a folder of this machine."""
        source, target = self.path(file), folder / Path(file).name
        if not source.is_file():
            raise TransferError("has no such file")
        try:
            file = source.open("rb")
        except OSError as error:
            raise TransferError(error.strerror) from error
        with file, target.open("wb") as out:
            shutil.copyfileobj(file, out)
        return target


def parse_mirrors(mirrors: str | Iterable[str] | None = None) -> list[Mirror]:
    """Returns mirrors in the order in which they are asked.

    Args:
        mirrors: URLs, or a text with commas or blanks between them. Defaults to those of the
            environment variable CLASSWISE_MIRRORS.

    Raises:
        InputError: something else than a mirror's URL.

    Example:

    >>> [mirror.base for mirror in parse_mirrors("file:///srv/hashers, hf://someone/hashers")]
    ['file:///srv/hashers/', 'hf://someone/hashers/']
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
    hub = parse_hub_place(url.rstrip("/"))
    if hub and not hub.file:
        return Mirror(url, url.rstrip("/") + "/", hub)
    parts = split_url(url)
    if parts is None or parts.query or parts.fragment:
        raise InputError(f"Mirror '{without_password(url)}' is not allowed; write {ALLOWED}.")
    return Mirror(without_password(url), url.rstrip("/") + "/")


def split_url(url: str):
    """Returns the parts of a URL that may be fetched from, None for any other text."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading them checks them
    except ValueError:
        return None
    allowed = {
        "https": bool(host),
        "http": host in LOCAL_HOSTS,
        "file": host in (None, "localhost") and parts.path.startswith("/"),
    }
    return parts if allowed.get(parts.scheme) else None


def without_password(url: str) -> str:
    """Returns a URL as it may be shown."""
    return re.sub(r"//[^/]*@", "//", url)


def is_offline() -> bool:
    """Returns whether the environment variable CLASSWISE_OFFLINE forbids the network.

    Raises:
        InputError: it is neither 0 nor 1.
    """
    value = os.environ.get("CLASSWISE_OFFLINE") or "0"
    if value not in ("0", "1"):
        raise InputError(f"CLASSWISE_OFFLINE is '{value}'; allowed: 1 (no network) or 0.")
    return value == "1"
