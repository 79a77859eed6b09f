"""Files that appear whole or not at all, and their checksums."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.foundation.errors import InputError


def sha256(path: str | os.PathLike) -> str:
    """Returns the SHA-256 of a file as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolved(path: str | os.PathLike) -> Path:
    """Returns an absolute path without links.

    Raises:
        InputError: a link leads back to itself, which `Path.resolve` tells in another way in every
            version of Python.
    """
    found = Path(os.path.realpath(path))
    if found.is_symlink():
        raise InputError(f"{path} is a link that leads back to itself; give another name.")
    return found


@contextlib.contextmanager
def parent_folders(path: Path) -> Iterator[None]:
    """Makes the folders above `path`; those that it made go again when the block raises."""
    made = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for parent in made:
            with contextlib.suppress(OSError):  # somebody else has put a file there meanwhile
                parent.rmdir()
        raise


@contextlib.contextmanager
def named_errors(path: Path, temporary: Path) -> Iterator[None]:
    """Names `path` in errors of the system that name nothing, as on a full disk, or `temporary`.

    Args:
        path: what is being written.
        temporary: a file or a folder that is going to take its place.
    """
    try:
        yield
    except OSError as error:
        named = error.filename
        ours = isinstance(named, str | Path) and Path(named).is_relative_to(temporary)
        if error.errno is not None and (named is None or ours):
            error.filename = str(path / Path(named).relative_to(temporary) if ours else path)
        raise


@contextlib.contextmanager
def replacing_file(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it is synced and takes `path`'s place.

    Whatever stood at `path` stays untouched when the block raises. The temporary name keeps the
    suffix of `path`, because many writers choose their format by it.

    Raises:
        OSError: the folder cannot be made, or the disk is full or read-only.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}{path.suffix}")
    with parent_folders(path), named_errors(path, temporary):
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
