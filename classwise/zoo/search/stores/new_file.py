"""Files that are about to be written, which destroy nothing."""

from pathlib import Path

from classwise.zoo.foundation.errors import InputError


def check_new_file(path: Path, replace: bool) -> None:
    """Raises `InputError` unless a file can be written at `path`.

    Args:
        path: where it is going to be.
        replace: whether a file that is there may go.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file in it.")
    above = next((p for p in path.parents if p.exists()), path)
    if path.exists() and not replace:
        raise InputError(f"{path} exists; give another name, or --force to replace it.")
    if not path.exists() and not above.is_dir():
        raise InputError(f"{path} would be in a file, {above}; give another name.")
