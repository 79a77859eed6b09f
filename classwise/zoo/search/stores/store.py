"""What a store of codes declares of itself: all that the command and the documents say of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import look_for
from classwise.zoo.search.image_codes import ImageCodes

# In which a store holds several sets of codes, if nobody names another.
DEFAULT_TABLE = "photos"
# Bytes of a file's name that are no UTF-8, as Python has them, and the end of a text in C.
NO_TEXT = re.compile("[\0\ud800-\udfff]")


class Found(NamedTuple):
    """What a store found for one query, the nearest first.

    Args:
        items: the numbers of the images in the order in which they were written, int64 `[k]`.
        distances: Hamming distances as the store computes them, `[k]`.
        codes: as the store holds them, packed as ours, uint8 `[k, bytes]`.
        names: of the images, as the store holds them.
    """

    items: np.ndarray
    distances: np.ndarray
    codes: np.ndarray
    names: list[str]


# From one code, uint8 `[bytes]`, and k to the k nearest images.
Search = Callable[[np.ndarray, int], Found]


@dataclass(frozen=True)
class Place:
    """Where a set of codes lies.

    Args:
        address: what follows the name of the store and a colon. It may hold a password, so that
            it is shown nowhere.
        table: which of several sets.
        shown: the place as people may read it.
    """

    address: str = field(repr=False)
    table: str
    shown: str

    @property
    def path(self) -> Path:
        """The address of a store that is a file or a folder."""
        return Path(self.address)


@dataclass(frozen=True)
class Store:
    """A store of codes. Adding one is adding a file `..._store.py` here that declares `STORE`.

    Attributes:
        name: before the colon, such as "lance".
        title: its name for people.
        address: what follows the colon, such as "PATH".
        extra: the extra of classwise that installs the packages, or None.
        packages: modules that a writing or reading imports.
        writing: a context manager from codes, a place and whether what is there may go. It yields
            the store's own search over what it wrote, which appears whole at the end of the block,
            and not at all where the block raises.
        read: reads back all codes of a place.
        shown: an address as people may read it; by default as it is.
        keeps: for people, how it keeps a code.
        right: for people, what answers exactly and fast where codes collapse.
        has_tables: whether an address holds several sets of codes.
        only_text: whether names must be text in UTF-8.
    """

    name: str
    title: str
    address: str
    extra: str | None
    packages: tuple[str, ...]
    writing: Callable[[ImageCodes, Place, bool], AbstractContextManager[Search]]
    read: Callable[[Place], ImageCodes]
    keeps: str
    right: str
    shown: Callable[[str], str] = str
    has_tables: bool = False
    only_text: bool = False

    def place(self, address: str, table: str | None) -> Place:
        """Returns a place in this store.

        Raises:
            InputError: no address, or a table where there are none.
        """
        if table is not None and not self.has_tables:
            raise InputError(f"--table is {table}, and {self.title} has no tables; leave it out.")
        if not address and not self.has_tables:
            raise InputError(f"'{self.name}:' names no place; give {self.name}:{self.address}.")
        return Place(address, table or DEFAULT_TABLE, self.shown(address))

    def check_packages(self) -> None:
        """Raises `InputError` where a package is missing, before anything takes its time."""
        for module in self.packages:
            look_for(module, self.extra or "")

    def check_names(self, codes: ImageCodes) -> None:
        """Raises `InputError` for a name that this store cannot keep as it is."""
        if not self.only_text:
            return
        for name in (*codes.names, *codes.class_names):
            if NO_TEXT.search(name):
                raise InputError(
                    f"The name {name} is no text in UTF-8, and {self.title} keeps no other; rename "
                    "the file, or take a store of files (npz, faiss)."
                )
