"""An .npz file, as `classwise encode` writes it: NumPy's own, for any program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.retrieval.neighbors import nearest_neighbors
from classwise.zoo.search.image_codes import ImageCodes, read_code_file
from classwise.zoo.search.stores.new_file import check_new_file
from classwise.zoo.search.stores.store import Found, Place, Search, Store


@contextlib.contextmanager
def writing(codes: ImageCodes, place: Place, replace: bool) -> Iterator[Search]:
    if place.path.suffix != ".npz":
        raise InputError(f"The file is {place.path}; its name must end in .npz.")
    check_new_file(place.path, replace)
    with replacing_file(place.path) as temporary:
        np.savez_compressed(temporary, **columns_of(codes))
        yield searched(read_code_file(temporary))


def columns_of(codes: ImageCodes) -> dict[str, np.ndarray]:
    """Returns the arrays of a file of codes."""
    columns = {
        "codes": codes.codes,
        "names": np.array(codes.names, dtype=str),
        "code_length": np.array(codes.code_length),
        "model": np.array(codes.model),
    }
    if codes.labels is not None:
        columns["labels"] = codes.labels
        columns["class_names"] = np.array(codes.class_names, dtype=str)
    return columns


def searched(codes: ImageCodes) -> Search:
    """Returns a search through all codes."""

    def search(query: np.ndarray, k: int) -> Found:
        items, distances = nearest_neighbors(query[None], codes.codes, k)
        names = [codes.names[item] for item in items[0]]
        return Found(items[0], distances[0], codes.codes[items[0]], names)

    return search


def read(place: Place) -> ImageCodes:
    return read_code_file(Path(place.address))


STORE = Store(
    name="npz",
    title=".npz file",
    address="FILE",
    extra=None,
    packages=(),
    writing=writing,
    read=read,
    keeps="`codes`, uint8 `[N, ceil(L / 8)]`, beside `names`",
    right="`zoo.nearest_neighbors` over the distinct codes",
)
