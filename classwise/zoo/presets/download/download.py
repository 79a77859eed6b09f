"""Fetches a preset's file into the cache: resumed, tried again, verified, and whole or not at all.

What has arrived lies in a partial file beside the target. It outlives a broken connection and an
interruption, so that the next call goes on from there; it takes the target's name once its SHA-256
is the recorded one.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from classwise.zoo.foundation import files
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.download.cache import PARTIAL, is_whole, locked
from classwise.zoo.presets.download.download_bar import download_bar
from classwise.zoo.presets.download.mirror_source import open_source
from classwise.zoo.presets.download.mirrors import Mirror, MirrorError

# A mirror is left after so many attempts in a row of which none brought this many new bytes.
ATTEMPTS = 5
PROGRESS_BYTES = 1 << 16
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0


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
    try:
        with locked(target):
            if is_whole(target, size, sha256):
                return None
            return fetch_from_any(mirrors, file, size, sha256, target)
    except OSError as error:
        raise InputError(
            f"{file} cannot be written to the cache folder {target.parent}: "
            f"{error.strerror or error}; make room there (`classwise cache --clean`), or name "
            "another folder in CLASSWISE_CACHE."
        ) from error


def fetch_from_any(
    mirrors: Sequence[Mirror], file: str, size: int, sha256: str, target: Path
) -> Mirror:
    """See `download`; to be called with the lock held.

    Raises:
        InputError: no mirror has the file.
        OSError: a write failed; what had arrived is removed, for it may be what fills the disk.
    """
    partial = target.with_name(target.name + PARTIAL)
    failures = []
    try:
        with download_bar(Path(file).stem, size) as show:
            for mirror in mirrors:
                try:
                    fetch(mirror, file, size, sha256, partial, show)
                except MirrorError as error:
                    failures.append(f"{mirror.name}: {error}")
                    continue
                with partial.open("rb") as written:
                    os.fsync(written.fileno())
                partial.replace(target)
                return mirror
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    raise InputError(
        f"{file} could not be fetched: {'; '.join(failures)}; check the mirror and the network, or "
        "name another mirror in CLASSWISE_MIRRORS or mirror= (--mirror)."
    )


def fetch(
    mirror: Mirror,
    file: str,
    size: int,
    sha256: str,
    partial: Path,
    show: Callable[[int], None],
) -> None:
    """Completes a partial file from one mirror, asking again while that may help.

    Raises:
        MirrorError: the mirror does not give the file.
        OSError: a write failed.
    """
    furthest, fruitless = size_of(partial), 0
    while True:
        continued = size_of(partial) > 0
        try:
            receive(mirror, file, size, partial, show)
            found = files.sha256(partial)
            if found == sha256:
                return
            partial.unlink()
            # Another mirror, or an earlier state of this one, may be where the wrong bytes are from
            raise MirrorError(
                f"has another content (SHA-256 {found[:12]}..., recorded {sha256[:12]}...; write "
                "it anew with `classwise mirror`)",
                again=continued,
            )
        except MirrorError as error:
            if error.afresh:
                partial.unlink(missing_ok=True)
            reached = size_of(partial)
            fruitless = 0 if reached >= furthest + PROGRESS_BYTES else fruitless + 1
            furthest = max(furthest, reached)
            if not error.again:
                raise
            if fruitless == ATTEMPTS:
                raise MirrorError(f"{error} (after {ATTEMPTS} attempts)") from error
        time.sleep(pause(fruitless))


def receive(
    mirror: Mirror, file: str, size: int, partial: Path, show: Callable[[int], None]
) -> None:
    """Appends to a partial file what one connection gives, up to `size` bytes.

    No length that the server states is believed: the recorded size and SHA-256 decide.

    Raises:
        MirrorError: the connection ended early.
        OSError: a write failed.
    """
    done = size_of(partial)
    if done >= size:
        return
    with open_source(mirror, file, done) as (done, chunks), partial.open("ab") as out:
        out.truncate(done)
        for chunk in chunks:
            out.write(chunk[: size - done])
            done = min(size, done + len(chunk))
            show(done)
            if done == size:
                return
    raise MirrorError(f"ended after {done} of {size} bytes", again=not mirror.is_local)


def pause(fruitless: int) -> float:
    """Returns seconds to wait: doubled each time, and drawn, so that clients do not come at once.

    Args:
        fruitless: attempts in a row that brought nothing.
    """
    return random.uniform(0.5, 1) * min(LONGEST_PAUSE, FIRST_PAUSE * 2**fruitless)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
