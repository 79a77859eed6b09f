"""Reading of codes, whichever engine wrote them: a file, or a folder of parts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from classwise.zoo.encoding.code_parts import is_code_folder, read_code_folder, read_manifest
from classwise.zoo.encoding.lance_codes import read_lance_codes
from classwise.zoo.foundation.errors import InputError

SUFFIX = ".npz"


def is_codes(path: str | os.PathLike) -> bool:
    """Returns whether a name means codes: an `.npz` file, or a folder of `--engine ray`."""
    return Path(path).suffix == SUFFIX or is_code_folder(Path(path))


def written_at(path: str | os.PathLike) -> int:
    """Returns when codes were written, in nanoseconds: images changed since then may have others.

    Of a folder, which takes a while, that is when its first part was.
    """
    path = Path(path)
    return read_manifest(path)["begun"] if path.is_dir() else path.stat().st_mtime_ns


def read_codes(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads the arrays of an `.npz` file, or of the folder that `encode --engine ray` writes.

    Returns:
        of what `classwise encode` wrote: `codes` uint8 `[N, ceil(L / 8)]`, `names` str `[N]`,
        `code_length`, `model`, and where they were kept `embeddings` float32 `[N, L]`, `labels`
        int64 `[N]` and `class_names` str `[C]`. Of another `.npz` file, all that is in it.

    Raises:
        InputError: nothing is there, or it is damaged.
    """
    path = Path(path)
    if path.is_dir():
        lance = read_manifest(path).get("form") == "lance"
        return read_lance_codes(path) if lance else read_code_folder(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except PermissionError:
        raise  # names the file
    except Exception as error:  # numpy raises errors of zip, zlib and its own
        raise InputError(f"{path} is not a readable .npz file: {error}.") from error
