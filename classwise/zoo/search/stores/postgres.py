"""A connection to PostgreSQL, of which no sentence tells the password."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    from classwise.zoo.search.stores.store import Place

SECONDS_TO_CONNECT = 10
# What a host, a database or a user is called. Anything else may be part of a password that was
# not written as it should be, such as one with an @ in it.
HARMLESS = re.compile(r"[\w.:/\\ -]*")
ASKED = "postgresql://USER@HOST/DATABASE, with the password in PGPASSWORD or ~/.pgpass"
# What PostgreSQL says, in parts that are the same everywhere, and what it means here. Its own
# words are not shown: they may repeat pieces of the address.
REASONS = {
    "password authentication failed": "refuses the password, or the user",
    "no password supplied": "asks for a password; give it in PGPASSWORD or ~/.pgpass",
    "no pg_hba.conf entry": "lets nobody in from here as this user; ask who runs it",
    "does not exist": "has no such database or user",
    "could not translate host name": "has a name that is not known here",
    "too many clients": "has too many clients; try again later",
    "starting up": "is starting up; try again in a moment",
}


def shown(address: str) -> str:
    """Returns the database and the host of an address, as far as they cannot hold a password.

    Example:

    >>> shown("postgresql://me:secret@db.example/photos")
    'the database photos of PostgreSQL at db.example'
    >>> shown("postgresql://me:se@cret@db.example/photos")
    'PostgreSQL'
    """
    facts = parsed(address)
    user, host, port, database = (facts.get(n, "") for n in ("user", "host", "port", "dbname"))
    if not HARMLESS.fullmatch(f"{user}{host}{database}") or not f"{port}0".isdigit():
        return "PostgreSQL"
    place = "PostgreSQL" + (f" at {host}" if host else "") + (f":{port}" if host and port else "")
    return f"the database {database} of {place}" if database else place


def parsed(address: str) -> dict[str, str]:
    """Returns the parts of an address.

    Raises:
        InputError: it is none.
    """
    psycopg = require("psycopg", "pgvector")
    try:
        return require("psycopg.conninfo", "pgvector").conninfo_to_dict(address)
    except (psycopg.Error, ValueError):
        raise InputError(
            f"What follows pgvector: is no address of a database; give {ASKED}."
        ) from None


@contextlib.contextmanager
def connected(place: Place) -> Iterator:
    """Yields a connection in one transaction, which is committed where the block succeeds.

    Raises:
        InputError: the database is not there, does not let us in, or cannot do what is asked.
        OSError: its disk is full.
    """
    psycopg = require("psycopg", "pgvector")
    facts = parsed(place.address)
    facts.setdefault("connect_timeout", str(SECONDS_TO_CONNECT))
    facts.setdefault("client_encoding", "utf8")
    try:
        connection = psycopg.connect(**facts)
    except (psycopg.Error, ValueError, UnicodeError) as error:
        raise InputError(f"{place.shown} {reason(str(error))}.") from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise failure(place, error) from None


def reason(message: str) -> str:
    """Returns why there is no connection, in words that hold nothing of the address."""
    found = next((words for part, words in REASONS.items() if part in message), None)
    return found or "cannot be reached; check that it runs, its host and its port"


def failure(place: Place, error: Exception) -> Exception:
    """Returns the exception for what the database refused."""
    import errno

    import psycopg

    if isinstance(error, psycopg.errors.DiskFull):
        return OSError(errno.ENOSPC, "No space left on the disk of the database", place.shown)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return InputError(
            f"{place.shown} does not allow it ({error.diag.message_primary}); ask who runs it."
        )
    vector = "pgvector 0.7 or newer is needed"
    if isinstance(error, psycopg.errors.UndefinedFunction | psycopg.errors.UndefinedFile):
        return InputError(f"{place.shown} has no operator <~> for bits; {vector}.")
    if error.diag.message_primary is None:
        return InputError(f"The connection to {place.shown} broke; nothing was changed.")
    return InputError(f"{place.shown} refuses: {error.diag.message_primary}.")
