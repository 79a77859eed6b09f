"""Fetches a file into the cache: once for all processes, verified, and whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from classwise.zoo.foundation import files
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.download.cache import (
    PARTIAL,
    cached_path,
    is_whole,
    locked,
    remove_partial,
)
from classwise.zoo.presets.download.mirrors import Mirror
from classwise.zoo.presets.download.transfer import TransferError, transfer

# Beside the file itself, what a library keeps for itself while it fetches.
BESIDE = 1_000_000


def download(
    mirrors: Sequence[Mirror], file: str, size: int, sha256: str, target: Path
) -> Mirror | None:
    """Fetches a file from the first mirror that has it as it was recorded.

    Args:
        mirrors: asked in this order.
        file: its path on a mirror.
        size: its bytes.
        sha256: its SHA-256 in 64 hexadecimal digits.
        target: where it goes, in the cache.

    Returns:
        The mirror; None if another process fetched the file meanwhile.

    Raises:
        InputError: no mirror has it, or the cache cannot be written.
    """
    with in_cache(file, target):
        if is_whole(target, size, sha256):
            return None
        failures = []
        for mirror in mirrors:
            try:
                with arriving(target) as folder:
                    place(mirror.fetch(file, folder, size + BESIDE), sha256, target)
                return mirror
            except TransferError as error:
                failures.append(f"{mirror.name}: {error}")
    raise InputError(
        f"{file} could not be fetched: {'; '.join(failures)}; check the mirror and the network, or "
        "name another mirror in CLASSWISE_MIRRORS or mirror= (--mirror)."
    )


def download_url(url: str, name: str, shown: str, sha256: str | None, most: int) -> Path:
    """Fetches a URL into the cache, anew each time unless its content is known.

    Args:
        url: `https://`, or `http://` of this machine.
        name: of the file.
        shown: the URL for messages.
        sha256: of the file; one that is cached already is then not fetched. None if unknown.
        most: bytes that it may have.

    Raises:
        InputError: it cannot be had, has another content, or the cache cannot be written.
    """
    # Unknown content is fetched under the lock of one name, and kept under that of the content.
    target = cached_path(name, sha256 or "0" * 64)
    with in_cache(name, target):
        if sha256 and target.is_file() and files.sha256(target) == sha256:
            return target
        try:
            with arriving(target) as folder:
                request = {"kind": "fetch_url", "url": url, "name": name}
                found = transfer(request, folder, most)
                sha256 = sha256 or files.sha256(found)
                return place(found, sha256, cached_path(name, sha256))
        except TransferError as error:
            raise InputError(f"{shown} {error}; check the address and the network.") from error


def cached_url(name: str, sha256: str | None, shown: str) -> Path:
    """Returns where a file of known content lies in the cache, without asking anybody.

    Raises:
        InputError: its content is not known, or it is not cached.
    """
    path = cached_path(name, sha256 or "0" * 64)
    if not sha256 or not path.is_file() or files.sha256(path) != sha256:
        raise InputError(
            f"CLASSWISE_OFFLINE=1 forbids to fetch {shown}; load it once without that variable, "
            "with #sha256= and its checksum after the address."
        )
    return path


@contextlib.contextmanager
def in_cache(file: str, target: Path) -> Iterator[None]:
    """Holds a cached file's lock; errors of the disk name the cache folder and the remedy."""
    try:
        with locked(target):
            yield
    except OSError as error:
        raise InputError(
            f"{file} cannot be written to the cache folder {target.parent}: "
            f"{error.strerror or error}; make room there (`classwise cache --clean`), or name "
            "another folder in CLASSWISE_CACHE."
        ) from error


@contextlib.contextmanager
def arriving(target: Path) -> Iterator[Path]:
    """Yields an empty folder beside a cached file, for what arrives of it; it goes in any case."""
    folder = target.with_name(target.name + PARTIAL)
    remove_partial(folder)  # of a process that was killed
    folder.mkdir()
    try:
        yield folder
    finally:
        remove_partial(folder)


def place(arrived: Path, sha256: str, target: Path) -> Path:
    """Puts what arrived in its place, once its SHA-256 is the recorded one.

    Raises:
        TransferError: it is another one.
    """
    found = files.sha256(arrived)
    if found != sha256:
        raise TransferError(
            f"has another content (SHA-256 {found[:12]}..., recorded {sha256[:12]}...)"
        )
    # Temporary files are their owner's alone, and a cache may be shared.
    arrived.chmod(0o644)
    with arrived.open("rb") as written:
        os.fsync(written.fileno())
    arrived.replace(target)
    return target
