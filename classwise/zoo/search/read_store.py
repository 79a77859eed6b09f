"""Reading of codes, from a store or from whatever else holds some."""

from __future__ import annotations

import os
from pathlib import Path

from classwise.zoo.encoding.read_codes import is_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import without_passwords
from classwise.zoo.search.image_codes import ImageCodes, codes_of_index, read_code_file
from classwise.zoo.search.index import Index
from classwise.zoo.search.open_index import open_index
from classwise.zoo.search.stores.registry import find_place, is_address


def read_store(address: str, *, table: str | None = None) -> ImageCodes:
    """Returns all names and codes of a store that `write_store` wrote.

    Args:
        address, table: as of `write_store`.

    Raises:
        InputError: no codes there, damaged ones, a package that is missing, or a database that is
            not there or does not let us in.

    Example:

    >>> zoo.read_store("lance:photos.lance")  # doctest: +SKIP
    ImageCodes(812 images, 64 bits)
    """
    store, place = find_place(address, table)
    store.check_packages()
    return store.read(place)


def find_codes(
    source: Index | ImageCodes | str | os.PathLike, table: str | None = None
) -> ImageCodes:
    """Returns the codes of an index, of a file, or of a store; see `write_store`.

    Raises:
        InputError: it holds none.
    """
    if isinstance(source, ImageCodes):
        return source
    if isinstance(source, Index):
        return codes_of_index(source)
    text = os.fspath(source)
    if is_address(text):
        return read_store(text, table=table)
    path, shown = Path(text), without_passwords(text)
    if table is not None:
        raise InputError(f"--from-table is {table}, and {shown} has no tables; leave it out.")
    if is_codes(path):
        return read_code_file(path)
    if path.is_dir():
        return codes_of_index(open_index(path))
    what = f"{shown} holds no codes" if path.exists() else f"There is no {shown}"
    raise InputError(
        f"{what}; give an index of `classwise index`, what `classwise encode` wrote, or the "
        "address of a store."
    )
