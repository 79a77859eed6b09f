"""Files of codes: classes matched by name, whatever numbers they have, or refused."""

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.evaluation.code_files import read_code_file, read_code_pair

CODES = np.arange(4, dtype=np.uint8)[:, None]


@pytest.fixture
def write(tmp_path):
    def file(name, **arrays):
        arrays = {"codes": CODES, "labels": np.array([0, 0, 1, 1]), "code_length": 8} | arrays
        given = {key: value for key, value in arrays.items() if value is not None}
        np.savez(tmp_path / name, **given)
        return tmp_path / name

    return file


def named(labels, names):
    return [names[label] for label in labels]


def test_two_files_agree_by_names(write):
    queries = write("q.npz", class_names=np.array(["coat", "shoe"]))
    database = write("d.npz", class_names=np.array(["bag", "coat"]))
    sets = read_code_pair(queries, database)
    assert named(sets.query_labels, sets.class_names) == ["coat", "coat", "shoe", "shoe"]
    assert named(sets.database_labels, sets.class_names) == ["bag", "bag", "coat", "coat"]
    assert (sets.code_length, sets.leave_one_out) == (8, False)


def test_one_file_asks_itself(write):
    embeddings = np.ones((4, 8), np.float32)
    sets = read_code_file(write("c.npz", class_names=np.array(["b", "a"]), embeddings=embeddings))
    assert sets.leave_one_out
    assert sets.class_names == ("b", "a")
    assert sets.query_labels.tolist() == sets.database_labels.tolist() == [0, 0, 1, 1]
    assert sets.query_embeddings.shape == (4, 8)


@pytest.mark.parametrize(
    "names",
    [
        {"query_class_names": np.array(["x", "y"]), "database_class_names": np.array(["y", "x"])},
        {"class_names": np.array(["x", "y"])},
    ],
)
def test_both_in_one_file(tmp_path, names):
    arrays = {
        f"{role}_{key}": value
        for role in ("query", "database")
        for key, value in (("codes", CODES), ("labels", np.array([0, 0, 1, 1])))
    }
    np.savez(tmp_path / "c.npz", **arrays, **names, code_length=8)
    sets = read_code_file(tmp_path / "c.npz")
    same = "class_names" in names
    asked = named(sets.query_labels, sets.class_names)
    answered = named(sets.database_labels, sets.class_names)
    assert asked == ["x", "x", "y", "y"]
    assert answered == (asked if same else ["y", "y", "x", "x"])
    assert sets.code_length == 8


@pytest.mark.parametrize(
    ("queries", "database", "message"),
    [
        ({"class_names": np.array(["a", "b"])}, {}, "Only one of queries and database has"),
        (
            {"class_names": np.array(["a", "b"])},
            {"class_names": np.array(["c", "d"])},
            "no class in common: a, b, and c, d",
        ),
        ({"class_names": np.array(["a"])}, {"class_names": np.array(["a"])}, "needs a name"),
        ({"class_names": np.array(["a", "a"])}, {}, "holds 'a' twice"),
        ({"model": "m"}, {"model": "n"}, "are of another model each"),
        ({}, {"code_length": 7}, "are of another code length each"),
        ({"labels": None}, {}, "holds no labels; write it by"),
        ({"codes": None}, {}, "holds no codes"),
        ({"code_length": 7.5}, {"code_length": 7.5}, "must be one integer"),
    ],
)
def test_what_cannot_match_is_refused(write, queries, database, message):
    with pytest.raises(InputError, match=message):
        read_code_pair(write("q.npz", **queries), write("d.npz", **database))
