"""`classwise duplicates`: what it prints, writes and refuses."""

import csv
import json
import os

import pytest
from PIL import Image

from tests.zoo.search.conftest import model, write_photo

__all__ = ["model"]


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Four photos in two classes, one of them twice."""
    for seed, name in enumerate(["cat/a", "cat/b", "dog/c", "dog/d"]):
        write_photo(tmp_path / "photos" / f"{name}.png", seed, (200, 150))
    with Image.open(tmp_path / "photos" / "cat" / "a.png") as image:
        image.resize((100, 75)).save(tmp_path / "photos" / "dog" / "a small.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


def test_json(photos, classwise):
    status, out, _ = classwise("duplicates", "photos", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["photos"] == 5
    (cluster,) = found["clusters"]
    assert [(row["photo"], row["keep"]) for row in cluster] == [
        ("cat/a.png", True),
        ("dog/a small.png", False),
    ]
    assert (cluster[0]["width"], cluster[0]["height"]) == (200, 150)


def test_csv(photos, classwise, tmp_path):
    odd = os.fsdecode(b"caf\xe9,\n.png")
    (photos / "dog" / "a small.png").rename(photos / "dog" / odd)
    assert classwise("duplicates", "photos", "--csv", "found/copies.csv")[0] == 0
    with (tmp_path / "found" / "copies.csv").open(errors="surrogateescape", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["cluster"], row["photo"], row["keep"]) for row in rows] == [
        ("1", "cat/a.png", "1"),
        ("1", f"dog/{odd}", "0"),
    ]


def test_tables_for_people(photos, classwise):
    status, out, _ = classwise("duplicates", "photos")
    assert status == 0
    assert "5 photos: 1 cluster of copies, 1 file beside the first of each." in out
    assert "cat/a.png" in out
    assert out.count("keep") == 1
    (photos / "dog" / "a small.png").unlink()
    assert "0 clusters of copies" in classwise("duplicates", "photos")[1]


def test_with_an_index_there_are_three_lists(photos, classwise, model, tmp_path):
    asked = ("index", "photos", "-o", "i.index", "--model", model, "--labels", "folders")
    assert classwise(*asked)[0] == 0
    status, out, _ = classwise(
        "duplicates", "photos", "--index", "i.index", "--json", "--report", "page"
    )
    found = json.loads(out)
    assert status == 0
    for pair in found["similar"]:
        assert {pair["first"], pair["second"]} != {"cat/a.png", "dog/a small.png"}
    page = (tmp_path / "page" / "index.html").read_text()
    assert "Similar, by their codes" in page
    for name in ("cat/a.png", "dog/a small.png"):
        assert name in page
    pictures = list((tmp_path / "page" / "thumbnails").iterdir())
    assert len(pictures) >= 2
    gone = found["similar"][0]["first"]
    (photos / gone).unlink()
    status, out, err = classwise("duplicates", "photos", "--index", "i.index", "--json")
    assert status == 0
    assert gone not in out
    assert "holds photos that are gone" in err
    assert "classwise index" in err
    assert classwise("duplicates", "photos", "--report", "page")[0] == 0
    assert "Similar" not in (tmp_path / "page" / "index.html").read_text()


def test_between_two_folders(photos, classwise):
    status, out, _ = classwise("duplicates", "--between", "photos/cat", "photos/dog", "--json")
    assert status == 0
    (cluster,) = json.loads(out)["clusters"]
    assert [row["photo"] for row in cluster] == ["photos/cat/a.png", "photos/dog/a small.png"]
    assert not any(row["keep"] for row in cluster)


BAD = {
    "duplicates": "Give one folder of photos, or --between TRAIN TEST: neither was given",
    "duplicates photos --between photos/cat photos/dog": "both were given",
    "duplicates gone": "'gone' is not a folder",
    "duplicates photos --radius 17": "an integer from 0 to 16",
    "duplicates photos --index gone.index": "There is no index gone.index",
    "duplicates photos/cat --index i.index": "not of photos/cat; leave --index out",
    "duplicates --between photos/cat photos/dog --index i.index": "leave --index out",
    "duplicates --between photos photos/dog": "hold the same photos",
    "duplicates photos --csv photos": "--csv is photos, a folder",
    "duplicates photos --report photos": "photos exists and holds cat",
}


@pytest.mark.parametrize(("command", "sentence"), BAD.items())
def test_what_is_wrong_is_one_sentence(command, sentence, photos, classwise, model, tmp_path):
    classwise("index", "photos", "-o", "i.index", "--model", model)
    before = sorted(tmp_path.rglob("*"))
    status, out, err = classwise(*command.split())
    assert (status, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before
