"""The record of what classwise wrote into a folder: nothing else goes when it is replaced."""

import json
from pathlib import Path

from classwise.zoo.foundation.files import sha256
from classwise.zoo.foundation.settings import read_json

RECORD = ".classwise-files.json"
# What file managers leave in any folder that they show.
IGNORED = (".DS_Store", "Thumbs.db", "desktop.ini")


def write_record(folder: Path, kind: str) -> None:
    """Writes into a folder what is in it, with the checksums of all files.

    Args:
        folder: complete but for the record.
        kind: what the folder is, such as "a mirror".
    """
    entries = {str(path.relative_to(folder).as_posix()): digest(path) for path in within(folder)}
    text = json.dumps({"kind": kind, "entries": entries}, indent=2)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8")


def written_kind(folder: Path) -> str | None:
    """Returns what classwise wrote a folder as, such as "a mirror"; None if it did not."""
    return read_record(folder)[0]


def foreign_entry(folder: Path) -> Path | None:
    """Returns something in a folder that is not as classwise wrote it; None if all of it is."""
    kind, entries = read_record(folder)
    for path in within(folder):
        name = path.relative_to(folder).as_posix()
        own = name in entries and entries[name] == digest(path)
        if not own and not (name == RECORD and kind):
            return path
    return None


def within(folder: Path) -> list[Path]:
    """Returns all files and folders below a folder, but for what file managers leave."""
    return [path for path in sorted(folder.rglob("*")) if path.name not in IGNORED]


def digest(path: Path) -> str | None:
    """Returns a file's SHA-256, None for what is no file; links are not followed."""
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return sha256(path) if path.is_file() else None


def read_record(folder: Path) -> tuple[str | None, dict[str, str | None]]:
    """Returns what a folder was written as and its entries; of no record, None and nothing."""
    try:
        record = read_json(folder / RECORD)
        return str(record["kind"]), dict(record["entries"])
    # A record that somebody else wrote is none.
    except (OSError, ValueError, KeyError, TypeError):
        return None, {}
