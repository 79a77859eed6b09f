"""Writing of codes into a store, with the proof that it answers as we do."""

from __future__ import annotations

import dataclasses
import os
import time

from classwise.zoo.search.image_codes import ImageCodes
from classwise.zoo.search.index import Index
from classwise.zoo.search.read_store import find_codes
from classwise.zoo.search.store_proof import NEAREST, QUERIES, StoreMismatch, prove_store
from classwise.zoo.search.stores.registry import find_place


@dataclasses.dataclass(frozen=True)
class StoreReport:
    """What was written into a store.

    Args:
        store: its name.
        place: as people may read it, without a password.
        images, code_length: how many codes, of how many bits.
        queries, nearest: so many codes were searched in it, and so many images found for each.
        write_seconds, proof_seconds: what writing and searching took.
    """

    store: str
    place: str
    images: int
    code_length: int
    queries: int
    nearest: int
    write_seconds: float
    proof_seconds: float


def write_store(
    source: Index | ImageCodes | str | os.PathLike,
    address: str,
    *,
    table: str | None = None,
    replace: bool = False,
) -> StoreReport:
    """Writes names and codes into a store, and proves that it finds what we find.

    At the end a hundred codes are searched in the store. Where a distance, a code or a name is
    another than ours, nothing is kept.

    Args:
        source: an index, its path, an `.npz` file of `classwise encode`, or the address of another
            store.
        address: "lance:PATH", "pgvector:DSN", "faiss:FILE" or "npz:FILE".
        table: the table in a database. Defaults to "photos".
        replace: whether codes that classwise wrote there may go. Defaults to False.

    Raises:
        InputError: a source or an address that is none, something that is there already, a package
            that is missing, or a database that is not there or does not let us in.
        StoreMismatch: the store does not answer as we do.
        OSError: the disk is full or read-only.

    Example:

    >>> zoo.write_store("photos.index", "lance:photos.lance")  # doctest: +SKIP
    StoreReport(store='lance', place='photos.lance', images=812, code_length=64, ...)
    """
    store, place = find_place(address, table)
    store.check_packages()
    codes = find_codes(source)
    store.check_names(codes)
    start = time.perf_counter()
    try:
        with store.writing(codes, place, replace) as search:
            written = time.perf_counter()
            prove_store(codes, search)
            proven = time.perf_counter()
    except StoreMismatch as error:
        raise StoreMismatch(
            f"{store.title} does not answer as it should: {error}. What was written is removed."
        ) from error
    return StoreReport(
        store.name,
        place.shown,
        len(codes),
        codes.code_length,
        QUERIES,
        min(NEAREST, len(codes)),
        written - start,
        proven - written,
    )
