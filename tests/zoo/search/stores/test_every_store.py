"""What holds of every store, each looked into by its own engine and plain loops."""

from pathlib import Path

import faiss
import lance
import numpy as np
import psycopg
import pytest

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.search.store_proof import StoreMismatch
from classwise.zoo.search.stores.registry import find_store, store_names
from tests.zoo.search.stores.conftest import lying, made_up

LENGTHS = (12, 48, 64, 128, 256)
EVERY = pytest.mark.parametrize("name", store_names())


def raw_bits(name, address, code_length):
    """Returns the bits that a store holds, as its own engine gives them, a text an image."""
    place = address.partition(":")[2]
    if name == "npz":
        rows = np.load(place)["codes"].tolist()
    elif name == "faiss":
        index = faiss.read_index_binary(place)
        rows = [index.reconstruct(n).tolist() for n in range(index.ntotal)]
    elif name == "lance":
        rows = lance.dataset(place).to_table(columns=["code"])["code"].to_pylist()
    else:
        with psycopg.connect(place) as connection:
            rows = connection.execute("SELECT code::text FROM photos ORDER BY id").fetchall()
        return [text for (text,) in rows]
    texts = ["".join(f"{byte:08b}" for byte in row) for row in rows]
    assert all(text[code_length:].strip("0") == "" for text in texts)
    return [text[:code_length] for text in texts]


@EVERY
@pytest.mark.parametrize("code_length", LENGTHS)
def test_codes_go_in_and_come_back(name, code_length, address_in):
    codes = made_up(150, code_length)
    address = address_in(name)
    report = zoo.write_store(codes, address)
    assert (report.images, report.code_length, report.queries) == (150, code_length, 100)
    bits = np.unpackbits(codes.codes, axis=1)[:, :code_length]
    assert raw_bits(name, address, code_length) == ["".join(map(str, row)) for row in bits]
    back = zoo.read_store(address)
    assert back.names == codes.names
    np.testing.assert_array_equal(back.codes, codes.codes)
    np.testing.assert_array_equal(back.labels, codes.labels)
    facts = (codes.code_length, codes.model, codes.class_names)
    assert (back.code_length, back.model, back.class_names) == facts


@EVERY
def test_one_image_and_no_classes(name, address_in):
    codes = made_up(1, 12, classes=False)
    assert zoo.write_store(codes, address_in(name)).nearest == 1
    back = zoo.read_store(address_in(name))
    assert (back.names, back.labels, back.class_names) == (codes.names, None, ())


@EVERY
def test_what_is_there_stays_unless_it_may_go(name, address_in, what_is_there, monkeypatch):
    first, second = made_up(30, 64), made_up(20, 48, seed=1)
    address = address_in(name)
    zoo.write_store(first, address)
    there = what_is_there(name)
    with pytest.raises(InputError, match="--force"):
        zoo.write_store(second, address)
    with (
        lying(monkeypatch, address, lambda found: found._replace(distances=found.distances + 1)),
        pytest.raises(StoreMismatch),
    ):
        zoo.write_store(second, address, replace=True)
    assert what_is_there(name) == there
    np.testing.assert_array_equal(zoo.read_store(address).codes, first.codes)
    zoo.write_store(second, address, replace=True)
    np.testing.assert_array_equal(zoo.read_store(address).codes, second.codes)


@EVERY
@pytest.mark.parametrize("interruption", [StoreMismatch, KeyboardInterrupt])
def test_nothing_is_left_of_what_fails(name, interruption, address_in, what_is_there, monkeypatch):
    def fail(found):
        raise interruption("in the midst")

    address = address_in(name)
    with lying(monkeypatch, address, fail), pytest.raises(interruption):
        zoo.write_store(made_up(30, 12), address)
    assert what_is_there(name) == []


def test_names_do_not_stay_without_their_codes(address_in, what_is_there, monkeypatch):
    """The second of faiss's two files cannot take its place."""
    replace = Path.replace

    def replace_names_only(self, target):
        if Path(target).suffix == ".faiss":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replace_names_only)
    with pytest.raises(OSError, match="Input/output"):
        zoo.write_store(made_up(30, 12), address_in("faiss"))
    assert what_is_there("faiss") == []


def test_codes_and_names_that_are_not_of_each_other(address_in, tmp_path):
    zoo.write_store(made_up(30, 12), address_in("faiss"))
    zoo.write_store(made_up(30, 12, seed=1), f"faiss:{tmp_path / 'other.faiss'}")
    (tmp_path / "other.faiss").replace(tmp_path / "stored" / "photos.faiss")
    with pytest.raises(InputError, match=r"is not of .* as it is now"):
        zoo.read_store(address_in("faiss"))


@EVERY
def test_what_is_not_there(name, address_in):
    with pytest.raises(InputError, match="There is no"):
        zoo.read_store(address_in(name))


@pytest.mark.parametrize("name", ["faiss", "lance", "npz"])
def test_what_somebody_else_put_there(name, address_in):
    address = address_in(name)
    path = find_store(name).place(address.partition(":")[2], None).path
    for file in (path, path.with_name(f"{path.name}.names.npz")):
        file.write_bytes(b"x")
    with pytest.raises(InputError, match=r"is not a readable|no folder"):
        zoo.read_store(address)


@EVERY
def test_names_that_are_no_text(name, address_in, what_is_there):
    codes = made_up(3, 12)
    codes.names[1] = "caf\udce9.jpg"
    if not find_store(name).only_text:
        zoo.write_store(codes, address_in(name))
        assert zoo.read_store(address_in(name)).names == codes.names
        return
    with pytest.raises(InputError, match="no text in UTF-8"):
        zoo.write_store(codes, address_in(name))
    assert what_is_there(name) == []


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", ["faiss", "lance", "npz"])
def test_places_that_cannot_be(name, kind, tmp_path):
    (tmp_path / "x.npz").mkdir() if kind == "folder" else (tmp_path / "x.npz").touch()
    (tmp_path / "x.npz" / "y").touch() if kind == "folder" else None
    inside = tmp_path / "x.npz" / "z.npz" if kind == "file" else tmp_path / "x.npz"
    with pytest.raises(InputError, match=str(tmp_path / "x.npz")):
        zoo.write_store(made_up(3, 12), f"{name}:{inside}", replace=True)


def test_a_file_declares_the_store_of_its_name():
    assert {"faiss", "lance", "npz", "pgvector"} <= set(store_names())
    for name in store_names():
        assert find_store(name).name == name


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("photos.lance", "names no store; give one of faiss:..., lance:"),
        ("lanse:photos", "Unknown store 'lanse'; did you mean 'lance'"),
        ("lance:", "'lance:' names no place; give lance:PATH"),
        ("lance:s3://bucket/photos", "is no path"),
        ("npz:photos.zip", "must end in .npz"),
        ("postgresql://me:secret@db/photos", "Unknown store 'postgresql'"),
        ("host=db password=secret", r"password=\*\*\*' names no store"),
    ],
)
def test_addresses_that_lead_nowhere(address, sentence):
    with pytest.raises(InputError, match=sentence) as raised:
        zoo.write_store(made_up(3, 12), address)
    assert "secret" not in str(raised.value)
