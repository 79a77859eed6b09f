"""Folders that are about to be written: they appear whole or not at all, and destroy nothing."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import named_errors, parent_folders, resolved
from classwise.zoo.foundation.written_folder import IGNORED, foreign_entry, write_record


def check_new_folder(
    path: str | os.PathLike, what: str, example: str, replace: bool, remedy: str
) -> None:
    """Raises `InputError` unless a folder can be written at `path` without destroying anything.

    Args:
        path: where the folder is going to be.
        what: what the folder is, such as "a mirror".
        example: a name to propose.
        replace: whether what classwise wrote there may go; what it did not write never does.
        remedy: how to have it replaced, such as "empty it".
    """
    path = Path(path)
    if path.name in ("", ".."):
        raise InputError(f"'{path}' names no new folder; give a name, such as {example}.")
    existing = next((p for p in (path, *path.parents) if p.exists()), path)
    if existing.exists() and not existing.is_dir():
        relation = "is" if existing == path else "would be in"
        raise InputError(f"{path} {relation} a file; {what} is a folder, so give another name.")
    if not path.exists():
        return
    if Path.cwd().is_relative_to(path.resolve()):
        raise InputError(
            f"{path} holds the working directory, and {what} needs a folder of its own; give "
            "another name."
        )
    if replace:
        refuse_foreign(path)
    found = min((each for each in path.iterdir() if each.name not in IGNORED), default=None)
    if found is not None and not replace:
        raise InputError(f"{path} exists and holds {found.name}; give another folder, or {remedy}.")


def refuse_foreign(path: Path, place: Path | None = None) -> None:
    """Raises `InputError` if a folder holds anything that is not as classwise wrote it.

    Args:
        path: the folder, as the message names it.
        place: where it lies. Defaults to `path`.
    """
    found = foreign_entry(place or path)
    if found is not None:
        name = found.relative_to(place or path)
        raise InputError(
            f"{path} holds {name}, which is not as classwise wrote it, so the folder is not "
            "replaced; give another folder, or move that away."
        )


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike, what: str) -> Iterator[Path]:
    """Yields a new temporary folder beside `path`; on success it takes `path`'s place.

    An existing folder at `path` goes only once the new one is complete, and only if all of it is
    as classwise wrote it. A record of the new one's files is written into it.

    Args:
        path: the folder.
        what: what it is, such as "a mirror".

    Raises:
        InputError: `path` is a folder with something that classwise did not write.
        OSError: the folder cannot be made, or the disk is full or read-only.
    """
    shown, path = Path(path), resolved(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    with parent_folders(path), named_errors(shown, temporary):
        temporary.mkdir()
        try:
            yield temporary
            write_record(temporary, what)
            if path.exists():
                old = temporary.with_name(temporary.name + ".old")
                path.replace(old)
                try:
                    # Where nobody else writes any more.
                    refuse_foreign(path, old)
                    temporary.replace(path)
                except BaseException:
                    old.replace(path)
                    raise
                shutil.rmtree(old)
            else:
                temporary.replace(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
