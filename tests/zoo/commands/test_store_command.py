"""From an index into every store and back, by the command line."""

import json

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.search.open_index import open_index
from classwise.zoo.search.stores.registry import store_names
from tests.zoo.commands.test_index_and_search import indexed
from tests.zoo.search.conftest import model, photos
from tests.zoo.search.stores.conftest import (
    PASSWORD,
    address_in,
    database,
    lying,
    tables,
    what_is_there,
)

__all__ = ["address_in", "database", "indexed", "model", "photos", "tables", "what_is_there"]


def test_from_an_index_into_every_store_and_back(indexed, classwise, address_in, tmp_path):
    columns = open_index(indexed).columns
    for name in store_names():
        status, out, err = classwise("store", "photos.index", "--to", address_in(name), "--json")
        assert (status, err) == (0, "")
        report = json.loads(out)
        assert (report["store"], report["images"], report["code_length"]) == (name, 6, 12)
        status, out, _ = classwise("store", address_in(name), "--to", f"npz:{name}.npz")
        assert status == 0
        assert f"{name}.npz: 6 codes of 12 bits" in out
        back = np.load(tmp_path / f"{name}.npz")
        assert back["names"].tolist() == columns.all_names()
        np.testing.assert_array_equal(back["codes"], columns.codes)


def test_what_encode_wrote_goes_in_too(indexed, classwise, photos, model, tmp_path):
    assert classwise("encode", model, photos, "-o", "codes.npz")[0] == 0
    assert classwise("store", "codes.npz", "--to", "faiss:photos.faiss")[0] == 0
    encoded, index = zoo.read_store("faiss:photos.faiss"), open_index(indexed)
    assert dict(zip(encoded.names, encoded.codes.tolist(), strict=True)) == dict(
        zip(index.columns.all_names(), index.columns.codes.tolist(), strict=True)
    )
    assert encoded.model == index.facts.identity


def test_a_mismatch_fails_and_removes_what_was_written(
    indexed, classwise, address_in, what_is_there, monkeypatch
):
    for name in store_names():
        address = address_in(name)
        with lying(monkeypatch, address, lambda found: found._replace(names=["x"] * 6)):
            status, out, err = classwise("store", "photos.index", "--to", address)
        assert (status, out) == (1, "")
        assert "under other names. What was written is removed." in err
        assert what_is_there(name) == []


BAD = {
    "store gone.index --to npz:x.npz": "There is no gone.index",
    "store loose.txt --to npz:x.npz": "loose.txt holds no codes",
    "store codes.npz --to npz:x.npz": "There is no file codes.npz",
    "store bad.npz --to npz:x.npz": "bad.npz is not a readable .npz file",
    "store few.npz --to npz:x.npz": "few.npz lacks names, code_length",
    "store odd.npz --to npz:x.npz": "odd.npz: codes has 2 bytes a row",
    "store photos --to npz:x.npz": "photos is no index",
    "store photos.index --to x.npz": "'x.npz' names no store",
    "store photos.index --to npz:few.npz": "few.npz exists; give another name, or --force",
    "store photos.index --to lance:photos --force": "photos holds 2020",
    "store photos.index --to faiss:loose.txt --force": "was not written by `classwise store`",
    "store photos.index --to lance:x --table y": "Lance has no tables",
    "store photos.index --to lance:x --from-table y": "photos.index has no tables",
    "store lance:gone --to npz:x.npz": "There is no folder gone",
    "store photos.index --to pgvector:host=127.0.0.1 password=secret": "unrecognized arguments",
    "store photos.index --to pgvector:postgresql://me:secret@127.0.0.1:9/x": "cannot be reached",
    "store pgvector:postgresql://me:secret@127.0.0.1:9/x --to npz:x.npz": "cannot be reached",
    "store postgresql://me:secret@127.0.0.1:9/x --to npz:x.npz": "There is no postgresql://me:***",
}


@pytest.mark.parametrize(("command", "sentence"), BAD.items())
def test_what_is_wrong_is_one_sentence(command, sentence, indexed, classwise, tmp_path):
    (tmp_path / "loose.txt").write_text("x")
    (tmp_path / "bad.npz").write_text("x")
    codes = np.zeros((3, 2), np.uint8)
    np.savez(tmp_path / "few.npz", codes=codes)
    np.savez(tmp_path / "odd.npz", codes=codes, names=["a", "b", "c"], code_length=64)
    before = sorted(tmp_path.rglob("*"))
    status, out, err = classwise(*command.split())
    assert (status, out) == (2, "")
    assert sentence in err
    assert "secret" not in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_wrong_password(indexed, classwise, database):
    wrong = database.asks.replace("w0rd", "other")
    status, out, err = classwise("store", "photos.index", "--to", f"pgvector:{wrong}")
    assert (status, out) == (2, "")
    assert "refuses the password, or the user" in err
    assert "other" not in err
    assert PASSWORD not in err
