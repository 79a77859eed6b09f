"""From a folder of photos to an index and its answers, by the command line."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from classwise.zoo import Hasher, build_index
from classwise.zoo.search.open_index import open_index
from tests.zoo.search.conftest import model, photos, write_photo

__all__ = ["model", "photos"]
# A part after every batch, however fast the machine is.
START = (
    "import sys; from classwise.zoo.commands import main; "
    "from classwise.zoo.search.build_index import update_index; "
    "update_index.__kwdefaults__['save_seconds'] = 0.0; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def indexed(classwise, photos, model, tmp_path, monkeypatch):
    """An index of the photos, `photos.index` in the working directory."""
    monkeypatch.chdir(tmp_path)
    assert classwise("index", "photos", "-o", "photos.index", "--model", model)[0] == 0
    return tmp_path / "photos.index"


def found(classwise, *arguments):
    status, out, _ = classwise("search", "photos.index", *arguments, "--json")
    assert status == 0
    return json.loads(out)["queries"]


def test_from_a_folder_to_answers_and_ten_photos_more(indexed, classwise, photos):
    (answer,) = found(classwise, photos / "2020" / "a.jpg", "-k", "3")
    assert answer["item"] == 0
    assert len(answer["hits"]) == 3
    assert "2020/a.jpg" not in [hit["name"] for hit in answer["hits"]]
    for number in range(10):
        write_photo(photos / "2023" / f"{number}.jpg", 100 + number)
    status, out, err = classwise("index", "photos", "-o", "photos.index")
    assert status == 0
    assert "16 images; 10 encoded, 6 known, 0 forgotten" in out
    assert "Encoding 10 images with ONNX Runtime on cpu." in err
    write_photo(photos.parent / "copy.png", 105)
    (answer,) = found(classwise, "copy.png")
    assert answer["item"] is None
    assert answer["hits"][0]["name"] == "2023/5.jpg"
    assert len(answer["hits"]) == 16
    status, out, _ = classwise("index", "photos", "-o", "photos.index", "--json")
    outcome = json.loads(out)
    assert (outcome["encoded"], outcome["known"], outcome["images"]) == (0, 16, 16)


def test_what_can_ask(indexed, classwise, photos):
    assert [answer["query"] for answer in found(classwise, "2021/d.jpg", "loose.jpg")] == [
        "2021/d.jpg",
        "loose.jpg",
    ]
    answers = found(classwise, "photos/2020", "-k", "1")
    assert [answer["item"] for answer in answers] == [0, 1, 2]
    write_photo(photos / "2020" / "a.jpg", 77)  # another image than the index has
    (answer,) = found(classwise, "photos/2020/a.jpg", "--within", "12")
    assert answer["item"] is None
    assert len(answer["hits"]) == 6


def test_the_radius(indexed, classwise):
    every = found(classwise, "loose.jpg", "--by-code")[0]["hits"]
    assert [hit["distance"] for hit in every] == sorted(hit["distance"] for hit in every)
    radius = every[1]["distance"]
    near = found(classwise, "loose.jpg", "--by-code", "--within", radius)[0]["hits"]
    assert near == [hit for hit in every if hit["distance"] <= radius]


def test_tables_for_people(indexed, classwise):
    status, out, err = classwise("search", "photos.index", "loose.jpg", "-k", "99")
    assert status == 0
    assert "loose.jpg (in the index, itself left out): 5 photos" in out
    assert out.count("│ 2020/") == 3
    assert "holds 6 images" in err


def test_photos_that_are_gone_since(indexed, classwise, photos, tmp_path):
    (photos / "2021" / "d.jpg").unlink()
    (photos / "2021" / "e.jpg").write_text("damaged since")
    assert len(found(classwise, "2021/d.jpg", "--report", "sheet")[0]["hits"]) == 5
    where = found(classwise, "photos/2021/d.jpg", "-k", "1")
    assert (where[0]["item"], where[0]["query"]) == (3, "photos/2021/d.jpg")
    page = (tmp_path / "sheet" / "index.html").read_text()
    assert page.count("cannot be shown") == 2
    assert page.count("<img") == 4
    pictures = sorted(file.name for file in (tmp_path / "sheet" / "thumbnails").iterdir())
    assert len(pictures) == 4
    for name in pictures:
        assert f"thumbnails/{name}" in page


def test_a_report_replaces_its_like_alone(indexed, classwise, tmp_path):
    for _ in range(2):
        assert classwise("search", "photos.index", "loose.jpg", "--report", "sheet")[0] == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("x")
    status, out, err = classwise("search", "photos.index", "loose.jpg", "--report", "mine")
    assert (status, out) == (2, "")
    assert "holds diary.txt" in err


def test_names_with_anything_in_them(indexed, classwise, photos, tmp_path):
    odd = os.fsdecode(b"caf\xe9<b>\n.jpg")
    write_photo(photos / "x.jpg", 99).rename(photos / odd)
    assert classwise("index", "photos", "-o", "photos.index")[0] == 0
    (answer,) = found(classwise, odd, "--report", "sheet")
    assert answer["query"] == odd
    page = (tmp_path / "sheet" / "index.html").read_text()
    assert "caf\N{REPLACEMENT CHARACTER}&lt;b&gt;" in page
    assert "caf%E9%3Cb%3E%0A.jpg" in page
    assert classwise("search", "photos.index", odd)[0] == 0


def test_without_a_model_the_zoo_knows_photos_of_anything(classwise, photos, tmp_path):
    output = tmp_path / "any.index"
    status, out, err = classwise("index", photos, "-o", output)
    assert (status, "6 images; 6 encoded" in out) == (0, True), err
    assert open_index(output).facts.model == "dcwh_efficientnet_lite0_photos_128"
    assert "--fit finds better" in err
    status, _, err = classwise("index", photos, "-o", output)
    assert (status, "--fit" in err) == (0, False)


def test_an_index_of_a_nameless_hasher_needs_its_model(classwise, photos, tmp_path, model):
    hasher = Hasher(keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()]), 12, 3)
    build_index(hasher, photos, tmp_path / "p.index")
    status, out, err = classwise("index", photos, "-o", tmp_path / "p.index")
    assert (status, out) == (2, "")
    assert "give its file by --model" in err


BAD = {
    "index gone -o x.index --model MODEL": "'{here}/gone' is not a folder",
    "index photos -o x.index --model GONE.onnx": "GONE.onnx",
    "index photos -o model.onnx --model MODEL": "is a file",
    "index photos -o photos --model MODEL": "photos exists and holds 2020",
    "index photos -o photos.index --model OTHER": "was made with",
    "index empty -o x.index --model MODEL": "holds no image",
    "search gone.index loose.jpg": "There is no index gone.index",
    "search photos loose.jpg": "photos is no index",
    "search photos.index gone.jpg": "'gone.jpg' is no file, nor the name of an image",
    "search photos.index photos/notes.txt": "is not an image",
    "search photos.index empty": "holds no image that could ask",
    "search photos.index none.jpg": "none.jpg' cannot be read as an image",
    "search photos.index loose.jpg --within 13": "within is 13",
    "search photos.index loose.jpg -k 0": "give an integer from 1",
    "search photos.index loose.jpg --model OTHER": "was made with",
}


@pytest.mark.parametrize(("command", "sentence"), BAD.items())
def test_what_is_wrong_is_one_sentence(
    command, sentence, indexed, classwise, model, make_onnx_file, tmp_path
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "none.jpg").write_text("x")
    words = {"MODEL": model, "OTHER": make_onnx_file("model.onnx", seed=1)}
    before = sorted(tmp_path.iterdir())
    status, out, err = classwise(*(words.get(word, word) for word in command.split()))
    assert (status, out) == (2, "")
    assert sentence.format(here=tmp_path) in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_without_permission(indexed, classwise, photos, monkeypatch):
    scandir = os.scandir

    def denied(folder):  # root, who may run the tests, may read any folder
        if Path(folder).name == "rome":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", denied)
    before = sorted(path.read_bytes() for path in indexed.iterdir())
    status, out, err = classwise("index", "photos", "-o", "photos.index")
    assert (status, out) == (2, "")
    assert "rome' cannot be read: Permission denied" in err
    assert sorted(path.read_bytes() for path in indexed.iterdir()) == before


def test_an_index_that_may_not_be_read_is_not_called_damaged(indexed, classwise, monkeypatch):
    load = np.load

    def denied(path, **options):
        if Path(path).name == "codes.npy":
            raise PermissionError(13, "Permission denied", str(path))
        return load(path, **options)

    monkeypatch.setattr(np, "load", denied)
    status, out, err = classwise("search", "photos.index", "loose.jpg")
    assert (status, out) == (2, "")
    assert err == "classwise search: photos.index/codes.npy: Permission denied.\n"


def started(model, photos, output):
    command = [sys.executable, "-c", START, "index", photos, "-o", output, "--model", model]
    return subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def many(photos):
    """So many photos that an index of them takes seconds."""
    large = write_photo(photos.parent / "large.png", 0, (900, 700))
    (photos / "many").mkdir()
    for number in range(400):
        shutil.copy(large, photos / "many" / f"{number:03}.png")
    return photos


def part_written(output, process):
    part = output.with_name(f"{output.name}.part")
    while process.poll() is None:
        if list(part.glob("[0-9]*.npz")):
            return part
        time.sleep(0.02)
    raise AssertionError(process.communicate()[1])


def test_a_kill_loses_seconds_and_two_at_once_are_told(many, model, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    output = tmp_path / "photos.index"
    first = started(model, many, output)
    while not (output.with_name("photos.index.part") / ".lock").exists():
        assert first.poll() is None, first.communicate()[1]
        time.sleep(0.02)
    second = started(model, many, output)
    assert second.wait(60) == 2
    assert "Another run is writing" in second.communicate()[1]
    part_written(output, first)
    first.send_signal(signal.SIGKILL)
    first.wait(60)
    assert not output.exists()
    third = started(model, many, output)
    out, err = third.communicate(timeout=120)
    assert third.returncode == 0, err
    encoded = int(out.partition(" encoded")[0].rpartition(" ")[2])
    assert 0 < encoded < 406
    assert len(open_index(output)) == 406
    assert not output.with_name("photos.index.part").exists()
