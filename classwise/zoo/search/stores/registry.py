"""All stores of codes, and the addresses that name a place in one."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.foundation.printing import without_passwords
from classwise.zoo.search import stores

if TYPE_CHECKING:
    from classwise.zoo.search.stores.store import Place, Store

ENDING = "_store"


def store_names() -> list[str]:
    """Returns the names of all stores, which are those of their files; nothing is imported."""
    files = [file.name for file in pkgutil.iter_modules(stores.__path__)]
    return sorted(file.removesuffix(ENDING) for file in files if file.endswith(ENDING))


def find_store(name: str) -> Store:
    """Returns a store by its name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in store_names():
        raise unknown_name("store", without_passwords(name), store_names())
    return import_module(f"{stores.__name__}.{name}{ENDING}").STORE


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
        known = ", ".join(f"{name}:..." for name in store_names())
        raise InputError(f"'{without_passwords(address)}' names no store; give one of {known}.")
    store = find_store(name)
    return store, store.place(rest, table)


def is_address(text: str) -> bool:
    """Returns whether a text names a store, rather than a file or a folder."""
    name, colon, _ = text.partition(":")
    return bool(colon) and name in store_names()
