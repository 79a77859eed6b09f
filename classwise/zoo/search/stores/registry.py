"""All stores of codes, and the addresses that name a place in one."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.search import stores
from classwise.zoo.search.stores.store import Place, Store


def declared() -> dict[str, Store]:
    """Returns the stores that the files of this folder declare, by name."""
    files = [file.name for file in pkgutil.iter_modules(stores.__path__)]
    names = [f"{stores.__name__}.{file}" for file in files if file.endswith("_store")]
    return {store.name: store for store in (import_module(name).STORE for name in names)}


STORES = declared()


def find_place(address: str, table: str | None = None) -> tuple[Store, Place]:
    """Returns the store that an address names, and the place in it.

    Args:
        address: the name of a store, a colon, and what that store takes.
        table: which of several sets of codes. Defaults to the store's own.

    Raises:
        InputError: there is no such store, or it takes no such place.

    Example:

    >>> store, place = find_place("npz:codes.npz")
    >>> store.title, place.shown
    ('.npz file', 'codes.npz')
    """
    name, colon, rest = address.partition(":")
    if not colon:
        known = ", ".join(f"{store.name}:{store.address}" for store in STORES.values())
        raise InputError(f"'{address}' names no store; give one of {known}.")
    if name not in STORES:
        raise unknown_name("store", name, STORES)
    return STORES[name], STORES[name].place(rest, table)


def is_address(text: str) -> bool:
    """Returns whether a text names a store, rather than a file or a folder."""
    return text.partition(":")[0] in STORES and ":" in text
