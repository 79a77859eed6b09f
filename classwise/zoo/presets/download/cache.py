"""The cache: verified preset files in one folder, for all processes of a user."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.foundation import files
from classwise.zoo.presets.download.transfer import size_of

PARTIAL = ".partial"
# The checksum in a name lets the files of several versions lie side by side, and tells the
# cache's own files from others, should somebody name a folder that holds more.
DIGITS = 16
NAME = re.compile(rf".+\.(?P<digits>[0-9a-f]{{{DIGITS}}})\.\w+?(?P<partial>{re.escape(PARTIAL)})?")


@dataclasses.dataclass(frozen=True)
class CachedFile:
    """A file of the cache.

    Args:
        path: where it lies.
        bytes: its size.
        state: "whole", "altered" (its SHA-256 is not the one in its name) or "partial", a folder
            of what has arrived of it.
    """

    path: Path
    bytes: int
    state: str

    def to_dict(self) -> dict:
        """Returns it as JSON types."""
        return {"file": self.path.name, "bytes": self.bytes, "state": self.state}


def cache_folder() -> Path:
    """Returns the folder of CLASSWISE_CACHE, or the platform's own for caches."""
    given = os.environ.get("CLASSWISE_CACHE")
    if given:
        return Path(given).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("classwise", appauthor=False)


def cached_path(file: str, sha256: str) -> Path:
    """Returns where a preset's file lies once it is cached.

    Example:

    >>> cached_path("files/small.keras", "0123456789abcdef" * 4).name
    'small.0123456789abcdef.keras'
    """
    name = Path(file)
    return cache_folder() / f"{name.stem}.{sha256[:DIGITS]}{name.suffix}"


def is_whole(path: Path, size: int, sha256: str) -> bool:
    """Returns whether a file is there with the recorded size and SHA-256."""
    return path.is_file() and path.stat().st_size == size and files.sha256(path) == sha256


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Keeps other processes from fetching or removing a cached file; yields whether it could.

    Args:
        path: the cached file, there or not.
        wait: until the other process is done. Defaults to True.

    Raises:
        OSError: the cache folder cannot be made or written.
    """
    import filelock

    # A lock file stays: removing it would give two processes two locks of the same name.
    lock = path.parent / ".locks" / f"{path.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(lock)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        if not wait:
            yield False
            return
        if sys.stderr.isatty():
            print(f"Waiting for another process, which fetches {path.name}.", file=sys.stderr)
        lock.acquire()
    try:
        yield True
    finally:
        lock.release()


def list_cache() -> list[CachedFile]:
    """Returns the cached files by name, each read and compared with the checksum in its name."""
    found = []
    for path in sorted(cache_folder().glob("*")):
        match = NAME.fullmatch(path.name)
        if not match or (path.is_dir() and not match["partial"]):
            continue
        with contextlib.suppress(FileNotFoundError):  # another process has just finished it
            size, state = size_of(path), "partial"
            if not match["partial"]:
                size = path.stat().st_size
                whole = files.sha256(path).startswith(match["digits"])
                state = "whole" if whole else "altered"
            found.append(CachedFile(path, size, state))
    return found


def remove_partial(path: Path) -> None:
    """Removes what has arrived of a file: a folder, or a file of an older classwise."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def clean_cache() -> tuple[list[CachedFile], list[CachedFile]]:
    """Removes the cached files; returns those removed and those that a process is fetching.

    Raises:
        OSError: the folder is read-only.
    """
    removed, in_use = [], []
    for file in list_cache():
        with locked(file.path.with_name(file.path.name.removesuffix(PARTIAL)), wait=False) as free:
            if free and file.state == "partial":
                remove_partial(file.path)
            elif free:
                file.path.unlink(missing_ok=True)
            (removed if free else in_use).append(file)
    return removed, in_use
