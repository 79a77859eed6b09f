"""Classes matched by name, and where names are read from."""

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.datasets.image_classes import one_numbering, read_class_names, renumbered


def test_labels_move_with_their_names():
    first, second = ("boot", "clog"), ("bag", "clog", "boot")
    ids = np.array([0, 1, 1, 0])
    moved = renumbered(ids, first, second)
    assert [second[label] for label in moved] == [first[label] for label in ids]
    hot = np.eye(2, dtype=np.uint8)[ids]
    assert renumbered(hot, first, second).argmax(axis=1).tolist() == moved.tolist()
    assert renumbered(np.array([], int), first, second).tolist() == []
    for wrong in (np.array([0, 2]), np.array([-1]), np.zeros((3, 4), int)):
        with pytest.raises(InputError, match="every label needs a name"):
            renumbered(wrong, first, second)


def test_one_numbering_holds_both():
    assert one_numbering(("a", "b"), ("b", "c")) == ("b", "c", "a")
    assert one_numbering(("a",), ("a",), prefer=("z", "a")) == ("z", "a")
    assert one_numbering(("a",), ("a", "q"), prefer=("z", "a")) == ("a", "q")
    assert one_numbering((), (), prefer=("z",)) == ()
    with pytest.raises(InputError, match=r"no class in common: a, and b"):
        one_numbering(("a",), ("b",))
    for one_sided in ((("a",), ()), ((), ("a",))):
        with pytest.raises(InputError, match="Only one of queries and database has class names"):
            one_numbering(*one_sided)


def test_names_are_read_from_folders_codes_and_text(tmp_path):
    for name in ("boot", "bag", ".hidden", "@eaDir"):
        (tmp_path / "train" / name).mkdir(parents=True)
    assert read_class_names(tmp_path / "train") == ("bag", "boot")
    np.savez(tmp_path / "c.npz", class_names=np.array(["x", "a"]))
    assert read_class_names(tmp_path / "c.npz") == ("x", "a")
    (tmp_path / "c.txt").write_text("x \n\n a\n")
    assert read_class_names(tmp_path / "c.txt") == ("x", "a")


def test_names_that_cannot_be_read(tmp_path):
    np.savez(tmp_path / "none.npz", codes=np.zeros(3))
    (tmp_path / "bad.npz").write_bytes(b"PK")
    (tmp_path / "twice.txt").write_text("a\nb\na\n")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").mkdir()
    for name, message in {
        "gone": "gives no class names; give a folder",
        "none.npz": "holds no class names; encode with --labels folders",
        "bad.npz": "not a readable .npz",
        "twice.txt": "holds 'a' twice",
        "bytes.txt": "is not a text file",
        "empty": "holds no class names",
    }.items():
        with pytest.raises(InputError, match=message):
            read_class_names(tmp_path / name)
