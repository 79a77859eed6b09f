"""pgvector: what a database can refuse, what it is asked in docs, and that passwords are kept."""

import re
from pathlib import Path

import numpy as np
import psycopg
import pytest

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.search.stores import pgvector_store, postgres
from tests.zoo.search.stores.conftest import PASSWORD, made_up, tables_of

PAGE = Path(__file__).parents[4] / "docs" / "STORES.md"


def refusal(address, **options):
    """Returns the sentence that writing some codes ends with."""
    with pytest.raises(InputError) as raised:
        zoo.write_store(made_up(20, 12), f"pgvector:{address}", **options)
    chain, error = [], raised.value
    while error is not None:
        chain.append(str(error))
        error = None if error.__suppress_context__ else error.__context__
    assert not any(part in text for text in chain for part in (PASSWORD, "secret", "w0rd", "cret"))
    assert "\n" not in chain[0]
    return chain[0]


def test_a_wrong_password_is_never_printed(database):
    right = database.asks
    with psycopg.connect(right):
        pass
    wrong = right.replace("w0rd", "secret")
    assert wrong != right
    assert "refuses the password, or the user" in refusal(wrong)
    assert "asks for a password" in refusal(re.sub(":[^:]*@", "@", right))
    assert "has no such database" in refusal(database.uri.replace("/postgres?", "/nothing?"))


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("postgresql://me:secret@127.0.0.1:9/photos", "photos of PostgreSQL at 127.0.0.1:9 cannot"),
        ("postgresql://me:se@cret@127.0.0.1:9/photos", "PostgreSQL"),
        ("postgresql://me:secret", "PostgreSQL"),
        ("postgresql://me:a/secret@127.0.0.1/photos", "PostgreSQL"),
        ("postgresql://me:secret@127.0.0.1:x/photos", "PostgreSQL"),
        ("host=127.0.0.1 port=9 password=secret", "PostgreSQL at 127.0.0.1:9 cannot be reached"),
        ("host=127.0.0.1 password=my secret", "is no address of a database"),
        ("secret", "is no address of a database"),
    ],
)
def test_a_database_that_is_not_there(address, sentence):
    assert sentence in refusal(address)


def test_who_may_not_make_tables(tables):
    assert "permission denied" in refusal(tables.asks)


def test_a_table_of_somebody_else_is_never_dropped(tables):
    with psycopg.connect(tables.uri) as connection:
        connection.execute("CREATE TABLE photos (id int, code bit(48))")
    assert "exists in the database postgres of PostgreSQL at" in refusal(tables.uri)
    assert "with codes of bit(48)" in refusal(tables.uri)
    assert "classwise did not write it" in refusal(tables.uri, replace=True)
    with pytest.raises(InputError, match="holds no codes that classwise wrote"):
        zoo.read_store(f"pgvector:{tables.uri}")


def test_a_table_of_another_width_is_not_read(tables):
    zoo.write_store(made_up(20, 12), f"pgvector:{tables.uri}")
    with psycopg.connect(tables.uri) as connection:
        connection.execute("ALTER TABLE photos ALTER code TYPE bit(16) USING code::bit(16)")
    with pytest.raises(InputError, match=r"has codes of type bit\(16\), and classwise wrote"):
        zoo.read_store(f"pgvector:{tables.uri}")


def test_several_tables_and_schemas(tables):
    address = f"pgvector:{tables.uri}"
    with psycopg.connect(tables.uri) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS other")
    first, second = made_up(20, 12), made_up(30, 64)
    zoo.write_store(first, address, table="Mine")
    zoo.write_store(second, address, table="other.photos", replace=True)
    assert len(zoo.read_store(address, table="Mine")) == 20
    assert zoo.read_store(address, table="other.photos").code_length == 64
    for table in ("mine; DROP TABLE x", "", "a.b.c", "1a", "caf\u00e9"):
        if table:
            with pytest.raises(InputError, match="--table is"):
                zoo.write_store(first, address, table=table)


def test_a_full_disk_leaves_nothing(tables, monkeypatch):
    """The server itself says what it says when its disk is full."""
    copy_in = pgvector_store.copy_in

    def fill(connection, table, codes):
        copy_in(connection, table, codes)
        connection.execute("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")

    monkeypatch.setattr(pgvector_store, "copy_in", fill)
    with pytest.raises(OSError, match="No space left on the disk of the database"):
        zoo.write_store(made_up(20, 12), f"pgvector:{tables.uri}")
    with psycopg.connect(tables.uri) as connection:
        assert tables_of(connection) == []


def test_a_connection_that_breaks_leaves_nothing(tables, monkeypatch):
    def end(connection, table, codes):
        with psycopg.connect(tables.uri, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        connection.execute("SELECT 1")

    monkeypatch.setattr(pgvector_store, "copy_in", end)
    assert re.search("broke|terminating connection", refusal(tables.uri))
    with psycopg.connect(tables.uri) as connection:
        assert tables_of(connection) == []


def test_no_extension(tables, monkeypatch):
    with psycopg.connect(tables.uri) as connection:
        connection.execute("DROP EXTENSION IF EXISTS vector CASCADE")
    monkeypatch.setattr(pgvector_store, "make_extension", lambda connection: None)
    assert "pgvector 0.7 or newer is needed" in refusal(tables.uri)


def test_whatever_is_not_harmless_is_not_shown():
    assert postgres.shown("") == "PostgreSQL"
    assert postgres.shown("dbname='a @ b'") == "PostgreSQL"
    assert (
        postgres.shown("host=/tmp/x dbname=photos") == "the database photos of PostgreSQL at /tmp/x"
    )


def test_the_statements_of_the_page(tables):
    """Those of docs/STORES.md find by distinct codes what a search through all images finds."""
    codes = made_up(500, 64, distinct=60)
    zoo.write_store(codes, f"pgvector:{tables.uri}")
    (statements,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    make, ask = re.split(r"\n\n(?=WITH|SELECT)", statements)
    query = codes.codes[7] ^ np.uint8(3)
    (text,) = pgvector_store.bit_texts(query[None], 64)
    with psycopg.connect(tables.uri) as connection:
        connection.execute(make)
        found = connection.execute(ask, {"query": text}).fetchall()
    apart = np.bitwise_count(codes.codes ^ query).sum(axis=1)
    assert [distance for _, distance in found] == np.sort(apart)[:20].tolist()
    number = {name: item for item, name in enumerate(codes.names)}
    assert [apart[number[name]] for name, _ in found] == [distance for _, distance in found]
