"""The parts of a saved Keras model, looked at before Keras takes memory for them."""

from __future__ import annotations

import io
import math
import os
import zipfile
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.settings import parse_json

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# What a model may need in memory: this many bytes, or a multiple of what it takes on the disk.
# Keras stores weights as they are, and a compressed file of them is hardly smaller.
LEAST_LIMIT, EXPANSION = 256_000_000, 4
# Bytes of Python objects for a byte of JSON.
OF_JSON = 8
VARIABLE = "CLASSWISE_MODEL_BYTES"


def read_config(path: Path) -> dict:
    """Reads the configuration of a `.keras` file, or of a folder that Keras wrote.

    Everything that Keras is going to read is checked on the way: which parts there are, how much
    memory they take, and that the weights lie in the file itself.

    Raises:
        InputError: another kind of file, one that is cut or damaged, or one that takes more memory
            than the environment variable CLASSWISE_MODEL_BYTES, or a multiple of its size, allows.
    """
    try:
        if path.is_dir():
            sizes = {part.name: part.stat().st_size for part in path.iterdir() if part.is_file()}
            check_parts(path, sizes, sum(sizes.values()))
            config = (path / CONFIG).read_bytes()
            check_weights(path, path / WEIGHTS, sizes[WEIGHTS])
        else:
            with zipfile.ZipFile(path) as archive:
                sizes = {part.filename: part.file_size for part in archive.infolist()}
                check_parts(path, sizes, path.stat().st_size)
                config = archive.read(CONFIG)
                check_weights(path, io.BytesIO(archive.read(WEIGHTS)), path.stat().st_size)
        found = parse_json(config, f"{path} is not a readable Keras model: {CONFIG}")
        if not isinstance(found.get("config"), dict):
            raise ValueError(f"{CONFIG} describes no model")
        return found
    except InputError:
        raise
    # zipfile, zlib, json and h5py raise many types on damaged files.
    except Exception as error:
        raise unreadable_model(path, error) from error


def check_parts(path: Path, sizes: dict[str, int], stored: int) -> None:
    """Raises `InputError` if a part is missing, or if all of them take too much memory.

    Args:
        path: of the model, for the message.
        sizes: bytes of the parts by name, as they declare them.
        stored: bytes that the model takes on the disk.
    """
    missing = [part for part in (CONFIG, METADATA, WEIGHTS) if part not in sizes]
    if missing:
        raise InputError(
            f"{path} has no {missing[0]}, which Keras 3 writes with `save`; other formats, such as "
            ".h5, are not opened."
        )
    check_size(path, sum(sizes.values()) + (OF_JSON - 1) * sizes[CONFIG], stored)


def check_weights(path: Path, weights: Path | io.BytesIO, stored: int) -> None:
    """Raises `InputError` unless all arrays of an HDF5 file lie in it, and are not too large."""
    import h5py

    needed, seen = 0, set()
    with h5py.File(weights, "r") as file:
        waiting = [file]
        while waiting:
            group = waiting.pop()
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise InputError(f"{path}: {WEIGHTS} has a link, {name}; it is not followed.")
                found = group[name]
                address = h5py.h5o.get_info(found.id).addr
                if isinstance(found, h5py.Group) and address not in seen:
                    seen.add(address)
                    waiting.append(found)
                elif isinstance(found, h5py.Dataset):
                    if found.external or found.is_virtual:
                        raise InputError(
                            f"{path}: {WEIGHTS} takes {name} from another file; that is not read."
                        )
                    needed += math.prod(found.shape or ()) * found.dtype.itemsize
    check_size(path, needed, stored)


def allowed_bytes(default: int) -> int:
    """Returns the bytes of CLASSWISE_MODEL_BYTES, or `default` where it is not set."""
    given = os.environ.get(VARIABLE)
    if given and not given.isdecimal():
        raise InputError(f"{VARIABLE} is '{given}'; give a number of bytes, such as 3000000000.")
    return int(given) if given else default


def check_size(path: Path, needed: int, stored: int) -> None:
    """Raises `InputError` if a model needs more memory than is allowed to it."""
    allowed = allowed_bytes(max(LEAST_LIMIT, EXPANSION * stored))
    if needed > allowed:
        raise InputError(
            f"{path} takes {stored:,} bytes on the disk, and {needed:,} in memory, above the "
            f"{allowed:,} that are allowed; if you trust its source, set {VARIABLE}={needed}."
        )


def unreadable_model(path: Path, error: Exception) -> InputError:
    """Returns the error for a model that cannot be read, with the first line of its reason."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    return InputError(f"{path} is not a readable Keras model: {reason[:200]}")
