"""A file of faiss: an IndexBinaryFlat, and the names in a file beside it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.files import replacing_file, sha256
from classwise.zoo.search.image_codes import ImageCodes, codes_of, naming, read_arrays
from classwise.zoo.search.stores.new_file import check_new_file
from classwise.zoo.search.stores.npz_store import columns_of
from classwise.zoo.search.stores.store import Found, Place, Search, Store

# The codes themselves are in faiss's file.
BESIDE = ("names", "code_length", "model", "sha256")


@contextlib.contextmanager
def writing(codes: ImageCodes, place: Place, replace: bool) -> Iterator[Search]:
    faiss = require("faiss", "search")
    path, beside = place.path, names_file(place.path)
    check_new_file(path, replace)
    check_new_file(beside, replace)
    if path.exists() and not beside.exists():
        raise InputError(
            f"{path} was not written by `classwise store`, so it is not replaced; give another "
            "name, or move it away."
        )
    index = faiss.IndexBinaryFlat(8 * codes.codes.shape[1])
    index.add(codes.codes)
    columns = columns_of(codes)
    del columns["codes"]
    existed = beside.exists()
    try:
        # The names appear first: whoever sees the codes sees what they are of.
        with replacing_file(path) as temporary, replacing_file(beside) as names:
            write_index(faiss, index, temporary, path)
            np.savez_compressed(names, sha256=np.array(sha256(temporary)), **columns)
            yield searched(faiss, opened(faiss, temporary, path), codes.names)
    except BaseException:
        if not existed:
            beside.unlink(missing_ok=True)
        raise


def names_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.names.npz")


def write_index(faiss, index, file: Path, path: Path) -> None:
    """Writes an index; raises `OSError` where faiss cannot, which names `path`."""
    try:
        faiss.write_index_binary(index, str(file))
    except RuntimeError as error:
        why = str(error).rpartition("(")[2].rstrip(") ")
        raise OSError(errno.EIO, f"faiss cannot write it ({why})", str(path)) from error


def opened(faiss, file: Path, path: Path):
    """Returns the flat index of a file, which errors name `path`."""
    try:
        index = faiss.read_index_binary(str(file))
    except RuntimeError as error:
        raise InputError(f"{path} is not a readable file of faiss's binary indexes.") from error
    if not isinstance(index, faiss.IndexBinaryFlat):
        raise InputError(f"{path} is {type(index).__name__} of faiss, not IndexBinaryFlat.")
    return index


def searched(faiss, index, names: list[str]) -> Search:
    def search(query: np.ndarray, k: int) -> Found:
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # several would wait for each other longer than one searches
        try:
            distances, items = index.search(query[None], k)
        finally:
            faiss.omp_set_num_threads(threads)
        found = np.stack([index.reconstruct(int(item)) for item in items[0]])
        return Found(items[0], distances[0], found, [names[item] for item in items[0]])

    return search


def read(place: Place) -> ImageCodes:
    faiss = require("faiss", "search")
    path, beside = place.path, names_file(place.path)
    for file in (path, beside):
        if not file.is_file():
            raise InputError(f"There is no file {file}; `classwise store --to faiss:` writes both.")
    columns = read_arrays(beside, BESIDE)
    if str(columns["sha256"]) != sha256(path):
        raise InputError(f"{beside} is not of {path} as it is now; write both anew.")
    index = opened(faiss, path, path)
    codes = faiss.vector_to_array(index.xb).reshape(index.ntotal, index.d // 8)
    with naming(path):
        return codes_of(columns | {"codes": codes})


STORE = Store(
    name="faiss",
    title="faiss file",
    address="FILE",
    extra="search",
    packages=("faiss",),
    writing=writing,
    read=read,
    keeps="the bytes as they are, in an `IndexBinaryFlat`; names in `FILE.names.npz` beside it",
    right="`IndexBinaryFlat` over the distinct codes, or `IndexBinaryIVF`",
)
