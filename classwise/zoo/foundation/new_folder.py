"""Folders that are about to be written: they must destroy nothing."""

from pathlib import Path

from classwise.zoo.foundation.errors import InputError


def check_new_folder(path: Path, what: str, example: str, replace: bool, remedy: str) -> None:
    """Raises `InputError` unless a folder can be written at `path` without destroying anything.

    Args:
        path: where the folder is going to be.
        what: what the folder is, such as "a mirror".
        example: a name to propose.
        replace: whether what the folder holds may go.
        remedy: how to have it replaced, such as "empty it".
    """
    if path.name in ("", ".."):
        raise InputError(f"'{path}' names no new folder; give a name, such as {example}.")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; {what} is a folder, so give another name.")
    if path.is_dir() and not replace:
        found = min(path.iterdir(), default=None)
        if found is not None:
            raise InputError(
                f"{path} exists and holds {found.name}; give another folder, or {remedy}."
            )
