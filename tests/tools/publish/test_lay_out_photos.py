"""Judged data sets out of clones: a repository made here stands in for each."""

import dataclasses
import subprocess

import pytest

from classwise.zoo import InputError
from classwise.zoo.datasets.catalogue import DATA_SETS
from tools.publish import lay_out_photos
from tools.publish.lay_out_photos import LAYOUTS, lay_out

# Files of each repository, and where they go; None: nowhere.
FILES = {
    "caltech101": {
        "101_ObjectCategories/Faces/image_0001.jpg": "all/faces/image_0001.jpg",
        "101_ObjectCategories/ant/image_0001.jpg": "all/ant/image_0001.jpg",
        "101_ObjectCategories/ant/notes.txt": None,
        "report/figure.jpg": None,
    },
    "flowers102": {
        "flowers/train/10/image_1.jpg": "all/10/image_1.jpg",
        "flowers/valid/10/image_2.jpg": "all/10/image_2.jpg",
        "flowers/test/9/image_3.jpg": "all/9/image_3.jpg",
        "assets/Flowers.png": None,
    },
    "omniglot": {
        "Omniglot/images_background/Greek/character01/0394_05.png": "train/0394/0394_05.png",
        "Omniglot/images_evaluation/Tengwar/character25/1500_20.png": ("test/1500/1500_20.png"),
        "README.md": None,
    },
    "ukbench": {
        "dataset/ukbench/ukbench00003.jpg": "all/0/ukbench00003.jpg",
        "dataset/ukbench/ukbench00004.jpg": "all/1/ukbench00004.jpg",
        "dataset/ukbench/query.jpg": None,
        "dataset/other/ukbench00005.jpg": None,
    },
}


@pytest.fixture(params=FILES)
def clone(request, tmp_path, monkeypatch):
    """The name of a data set, a clone whose layout and size are known, and its files."""
    name, files = request.param, FILES[request.param]
    root = tmp_path / "clone"
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode() + b"\n\0")
    words = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*words, "commit", "-qm", "photos"]):
        subprocess.run(["git", "-C", root, *arguments], check=True)
    head = subprocess.run(
        ["git", "-C", root, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    layout = dataclasses.replace(LAYOUTS[name], commit=head.stdout.strip())
    monkeypatch.setitem(lay_out_photos.LAYOUTS, name, layout)
    wanted = {"all": sum(place is not None for place in files.values())}
    monkeypatch.setitem(DATA_SETS, name, dataclasses.replace(DATA_SETS[name], num_images=wanted))
    return name, root, files


def test_files_come_where_the_protocol_reads_them(clone, tmp_path):
    name, root, files = clone
    placed = {place: path for path, place in files.items() if place}
    assert lay_out(name, root, tmp_path / "data") == len(placed)
    folder = tmp_path / "data" / name
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.*") if path.is_file()}
    assert {path for path in found if not path.startswith(".")} == placed.keys()
    for place, path in placed.items():
        assert (folder / place).read_bytes() == path.encode() + b"\n\0"
    again = lay_out(name, root / ".git", tmp_path / "data")  # a bare clone, over the same folder
    assert again == len(placed)


def test_what_is_not_the_data_set_is_refused(clone, tmp_path, monkeypatch):
    name, root, _ = clone
    few = dataclasses.replace(DATA_SETS[name], num_images={"all": 99})
    monkeypatch.setitem(DATA_SETS, name, few)
    with pytest.raises(InputError, match=f"images of {name}; 99 are expected"):
        lay_out(name, root, tmp_path / "data")
    with pytest.raises(InputError, match="does not hold commit"):
        lay_out(name, tmp_path, tmp_path / "data")
    (tmp_path / "data" / name).mkdir(parents=True)
    (tmp_path / "data" / name / "mine.jpg").touch()
    with pytest.raises(InputError, match=r"holds mine\.jpg"):
        lay_out(name, root, tmp_path / "data")
    assert [path.name for path in (tmp_path / "data" / name).iterdir()] == ["mine.jpg"]


def test_an_unknown_set_is_refused(tmp_path):
    with pytest.raises(InputError, match="Unknown data set 'cifar10'"):
        lay_out("cifar10", tmp_path, tmp_path)
