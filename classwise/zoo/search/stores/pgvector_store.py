"""PostgreSQL with the extension pgvector: a table, beside what else is in the database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import numpy as np

from classwise.zoo.encoding.code_facts import facts_text, parse_facts
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.search.image_codes import ImageCodes, naming
from classwise.zoo.search.stores.postgres import connected, shown
from classwise.zoo.search.stores.store import (
    Found,
    Place,
    Search,
    Store,
)

# A name, or a schema's and a name.
TABLE = re.compile(r"([A-Za-z_]\w{0,62}\.)?[A-Za-z_]\w{0,62}", re.ASCII)
BATCH = 10_000


@contextlib.contextmanager
def writing(codes: ImageCodes, place: Place, replace: bool) -> Iterator[Search]:
    table = identifier(place.table)
    with connected(place) as connection:  # one transaction, committed at the end
        make_room(connection, table, place, codes.code_length, replace)
        make_extension(connection)
        create(connection, table, codes)
        copy_in(connection, table, codes)
        # Codes collapse, so that many rows share one: what finds a code's images.
        run(connection, "CREATE INDEX ON {} (code)", table)
        yield searched(connection, table, codes.code_length)


def identifier(table: str):
    """Returns a table's name, quoted; raises `InputError` for what could not be typed unquoted."""
    if not TABLE.fullmatch(table):
        raise InputError(
            f"--table is {table}; give a name of letters, digits and underscores, such as photos "
            "or images.photos."
        )
    return require("psycopg.sql", "pgvector").Identifier(*table.split("."))


def run(connection, statement: str, *parts, values: tuple = ()):
    """Runs a statement in which parts stand for `{}`, and values for `%s`."""
    sql = require("psycopg.sql", "pgvector")
    return connection.execute(sql.SQL(statement).format(*parts), values or None)


def make_room(connection, table, place: Place, code_length: int, replace: bool) -> None:
    """Drops a table that classwise wrote if it may; raises `InputError` for any other."""
    found = described(connection, table)
    if found is None:
        return
    comment, kind = found
    what = f"The table {place.table} exists in {place.shown}"
    if not replace:
        other = f", with codes of {kind}" if kind not in (None, f"bit({code_length})") else ""
        raise InputError(f"{what}{other}; give another --table, or --force to replace it.")
    try:
        parse_facts(comment, place.table)
    except InputError as error:
        raise InputError(
            f"{what}, and classwise did not write it, so it is not replaced; give another --table."
        ) from error
    run(connection, "DROP TABLE {}", table)


def described(connection, table) -> tuple[str | None, str | None] | None:
    """Returns a relation's comment, and the type of its codes; None where there is none."""
    name = table.as_string(connection)
    row = connection.execute("SELECT to_regclass(%s)::oid", (name,)).fetchone()
    if row[0] is None:
        return None
    (comment,) = connection.execute("SELECT obj_description(%s, 'pg_class')", row).fetchone()
    kind = connection.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = %s AND attname = 'code' AND NOT attisdropped",
        row,
    ).fetchone()
    return comment, kind and kind[0]


def make_extension(connection) -> None:
    """Makes sure that the operator of Hamming distances is there."""
    if connection.execute("SELECT 1 FROM pg_operator WHERE oprname = '<~>'").fetchone():
        return
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")


def create(connection, table, codes: ImageCodes) -> None:
    sql = require("psycopg.sql", "pgvector")
    run(
        connection,
        "CREATE TABLE {} (id bigint PRIMARY KEY, name text NOT NULL, code bit({}) NOT NULL, "
        "label bigint, class_name text)",
        table,
        sql.Literal(codes.code_length),
    )
    facts = facts_text(codes.code_length, codes.model, codes.class_names)
    run(connection, "COMMENT ON TABLE {} IS {}", table, sql.Literal(facts))


def copy_in(connection, table, codes: ImageCodes) -> None:
    sql = require("psycopg.sql", "pgvector")
    statement = sql.SQL("COPY {} FROM STDIN").format(table)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(codes), BATCH):
            texts = bit_texts(codes.codes[start : start + BATCH], codes.code_length)
            for item, text in enumerate(texts, start):
                label = None if codes.labels is None else int(codes.labels[item])
                copy.write_row((item, codes.names[item], text, label, codes.class_of(item)))


def bit_texts(codes: np.ndarray, code_length: int) -> list[str]:
    """Returns packed codes as PostgreSQL writes them: a 0 or a 1 for every bit, the first first.

    Example:

    >>> bit_texts(np.uint8([[0b10100000]]), 3)
    ['101']
    """
    digits = np.unpackbits(codes, axis=1, count=code_length) + np.uint8(ord("0"))
    text = digits.tobytes().decode("ascii")
    return [text[start : start + code_length] for start in range(0, len(text), code_length)]


def packed(texts: list[str], code_length: int) -> np.ndarray:
    """Returns codes as `bit_texts` took them."""
    digits = np.frombuffer("".join(texts).encode("ascii"), np.uint8) - np.uint8(ord("0"))
    return np.packbits(digits.reshape(-1, code_length), axis=1)


def searched(connection, table, code_length: int) -> Search:
    def search(query: np.ndarray, k: int) -> Found:
        (text,) = bit_texts(query[None], code_length)
        # What is printed of a row is read for the nearest rows only, which halves the time.
        rows = run(
            connection,
            "SELECT id, distance, code::text, name FROM (SELECT id, code <~> %s::text::bit({}) AS "
            "distance FROM {} ORDER BY distance, id LIMIT %s) AS nearest JOIN {} USING (id) "
            "ORDER BY distance, id",
            require("psycopg.sql", "pgvector").Literal(code_length),
            table,
            table,
            values=(text, k),
        ).fetchall()
        items, distances, codes, names = map(list, zip(*rows, strict=True))
        return Found(np.array(items), np.array(distances), packed(codes, code_length), names)

    return search


def read(place: Place) -> ImageCodes:
    table = identifier(place.table)
    with connected(place) as connection:
        found = described(connection, table)
        if found is None:
            raise InputError(
                f"There is no table {place.table} in {place.shown}; name one with --table."
            )
        facts = parse_facts(found[0], f"the table {place.table}")
        code_length = facts["code_length"]
        if found[1] != f"bit({code_length})":
            raise InputError(
                f"The table {place.table} has codes of type {found[1]}, and classwise wrote "
                f"bit({code_length}); it was altered, so write it anew."
            )
        statement = "SELECT name, code::text, label FROM {} ORDER BY id"
        rows = run(connection, statement, table).fetchall()
    if not rows:
        raise InputError(f"The table {place.table} in {place.shown} is empty.")
    names, codes, labels = map(list, zip(*rows, strict=True))
    with naming(f"The table {place.table}"):
        return ImageCodes(
            names,
            packed(codes, code_length),
            code_length,
            facts["model"],
            None if None in labels else np.array(labels),
            tuple(facts["class_names"]),
        )


STORE = Store(
    name="pgvector",
    title="pgvector",
    address="DSN",
    extra="pgvector",
    packages=("psycopg",),
    writing=writing,
    read=read,
    keeps="`bit(L)`, the first bit first, without padding",
    right="`ORDER BY code <~> …` over a table of distinct codes, no index or IVFFlat on it",
    shown=shown,
    has_tables=True,
    only_text=True,
)
