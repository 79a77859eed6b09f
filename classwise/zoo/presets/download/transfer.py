"""A transfer over the network, in a process of its own: whatever it hangs in, it can be ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

# For all of a transfer, from the first look-up of a name to the last byte.
SECONDS = 600
PAUSE = 0.2


class TransferError(Exception):
    """A server did not give what was asked for; the message says why."""


def transfer(request: dict, folder: Path, most: int) -> Path:
    """Fetches what a request names into a folder, within `SECONDS`.

    Args:
        request: arguments of a function of `fetch.KINDS` but the folder and the bars, and its name
            as `kind`.
        folder: an existing one; what arrives lies there, also after an error.
        most: bytes that the folder may come to hold.

    Raises:
        TransferError: the server does not give it in time, or sends more than `most`.
        OSError: it cannot be written.
    """
    # The parent's packages, wherever it has them from. A terminal sees the bars of the libraries.
    packages = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    environment = os.environ | {"PYTHONPATH": packages}
    bars = sys.stderr is not None and sys.stderr.isatty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "classwise.zoo.presets.download.fetch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if bars else subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    asked = json.dumps(request | {"folder": str(folder), "bars": bars})
    end = time.monotonic() + SECONDS
    try:
        while True:
            try:
                answer, _ = process.communicate(asked, timeout=PAUSE)
                break
            except subprocess.TimeoutExpired:
                asked = None  # it has been sent
            if time.monotonic() > end:
                raise TransferError(f"does not end within {SECONDS} s")
            check_size(folder, most)
    finally:
        process.kill()
        process.wait()
    check_size(folder, most)
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise TransferError(f"ended the transfer with status {process.returncode}") from error
    if found.get("errno"):
        raise OSError(found["errno"], found["error"])
    if "error" in found:
        raise TransferError(found["error"])
    return Path(found["path"])


def check_size(folder: Path, most: int) -> None:
    """Raises `TransferError` if more has arrived than may."""
    if size_of(folder) > most:
        raise TransferError(f"sends more than {most} bytes")


def size_of(folder: Path) -> int:
    """Returns the bytes that a folder's files have, or a file has, while others come and go."""
    size = 0
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):
            size += path.stat().st_size * path.is_file()
    return size
