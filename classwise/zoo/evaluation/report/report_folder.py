"""The folder of a report: it appears whole or not at all, and takes no other file's place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_directory

PAGE, FIGURES, MODELS = "index.html", "figures", "models"
# In the head of every page: by it an earlier report is known.
MARK = '<meta name="generator" content="classwise evaluate">'
# What file managers leave in any folder that they show.
_IGNORED = (".DS_Store", "Thumbs.db", "desktop.ini")


@contextlib.contextmanager
def report_folder(directory: str | os.PathLike, force: bool = False) -> Iterator[Path]:
    """Yields a temporary folder; on success it takes the place of `directory`.

    Args:
        directory: made if it doesn't exist. An earlier report is replaced as a whole, so that no
            figure of it stays.
        force: whether a folder with anything else in it is replaced too. Defaults to False.

    Raises:
        InputError: `directory` is a file, holds something else than an earlier report, or the
            working directory is in it.
        OSError: the folder cannot be made.
    """
    path = Path(directory).resolve()
    existing = next(p for p in (path, *path.parents) if p.exists())
    if not existing.is_dir():
        relation = "is" if existing == path else "would be in"
        raise InputError(f"{directory} {relation} a file; a report needs a folder of its own.")
    if Path.cwd().is_relative_to(path):
        raise InputError(
            f"{directory} holds the working directory, and a report needs a folder of its own; "
            "name a new one."
        )
    foreign = None if force or not path.exists() else _foreign(path)
    if foreign is not None:
        raise InputError(
            f"{directory} holds {foreign.relative_to(path)}, which is no part of an earlier "
            "report; choose another folder, or replace all that is in it with --force."
        )
    with replacing_directory(path) as temporary:
        yield temporary


def _foreign(folder: Path) -> Path | None:
    """Returns something in the folder that no report put there, if there is any."""
    entries = [entry for entry in sorted(folder.iterdir()) if entry.name not in _IGNORED]
    for entry in entries:
        if entry.name == PAGE and entry.is_file():
            found = None if MARK in entry.read_text("utf-8", errors="replace") else entry
        elif entry.name == FIGURES and entry.is_dir():
            others = (f for f in entry.iterdir() if f.name not in _IGNORED)
            found = next((f for f in others if f.suffix not in (".png", ".svg")), None)
        elif entry.name == MODELS and entry.is_dir():
            models = (m for m in entry.iterdir() if m.name not in _IGNORED)
            found = next(filter(None, (_foreign(m) if m.is_dir() else m for m in models)), None)
        else:
            found = entry
        if found is not None:
            return found
    # Figures without their page may be anybody's.
    return None if not entries or (folder / PAGE).exists() else entries[0]
