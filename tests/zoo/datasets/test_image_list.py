"""Lists of images, read and digested, against what a plain loop over the lines says."""

import hashlib

import numpy as np
import pytest

from classwise.zoo.datasets.image_list import read_image_list
from classwise.zoo.foundation.errors import InputError


@pytest.fixture
def write(tmp_path):
    def write(text, name="list.txt"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def read_by_loop(text, width):
    """Returns names and rows of lines whose names hold no space."""
    names, rows = [], []
    for line in filter(str.strip, text.splitlines()):
        name, *labels = line.split()
        assert len(labels) == width
        names.append(name.removeprefix("./"))
        rows.append([int(label) for label in labels])
    return names, rows


REGULAR = "./a/1.jpg 0 1 1\nb.jpg 1 0 0\n\n./c.jpg 0 0 0\n"


@pytest.mark.parametrize(
    "text",
    [
        REGULAR,
        REGULAR.replace("\n", "\r\n"),
        REGULAR.replace(" ", "\t"),
        REGULAR.replace("b.jpg ", "b.jpg  "),
        REGULAR.replace("1 0 0\n", "1  0 0 \n"),
    ],
    ids=["plain", "windows", "tabs", "two spaces", "spaces between and behind"],
)
def test_rows_equal_the_loop(write, text):
    images = read_image_list(write(text))
    names, rows = read_by_loop(text, 3)
    assert images.names == names == ["a/1.jpg", "b.jpg", "c.jpg"]
    assert images.labels.tolist() == rows
    assert images.labels.dtype == np.uint8
    assert (images.num_classes, images.unlabeled, images.one_label_each) == (3, 1, False)


def test_names_hold_spaces_and_bytes_that_are_no_text(write):
    text = b"my photo 1.jpg 0 1\n\xe9t\xe9.jpg 1 0\n"
    for given in (text, text.replace(b".jpg", b".jpg ")):
        images = read_image_list(write(given))
        assert images.names == ["my photo 1.jpg", "\udce9t\udce9.jpg"]
        assert images.labels.tolist() == [[0, 1], [1, 0]]
        assert images.one_label_each


def test_class_ids(write):
    images = read_image_list(write("a b.jpg 3\nc.jpg  0\n"))
    assert images.names == ["a b.jpg", "c.jpg"]
    assert images.labels.tolist() == [3, 0]
    assert (images.num_classes, images.unlabeled, images.one_label_each) == (4, 0, True)


def test_several_files_by_a_pattern_in_the_order_of_their_names(write, tmp_path):
    write("b.jpg 0 1\n", "part1.txt")
    write("a.jpg 1 0\n", "part0.txt")
    images = read_image_list(tmp_path / "part*.txt")
    assert images.names == ["a.jpg", "b.jpg"]


def test_the_digest_is_that_of_the_sorted_lines_without_folders(write):
    first = read_image_list(write("./x/b.jpg 0 1\nx/a.jpg 1 1\n"))
    wanted = hashlib.sha256(b"a.jpg 11\nb.jpg 01").hexdigest()
    assert first.digest() == wanted
    assert read_image_list(write("a.jpg 1 1\ny/z/b.jpg 0 1\n")).digest() == wanted
    assert read_image_list(write("a.jpg 1 0\ny/z/b.jpg 0 1\n")).digest() != wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.jpg 0 1\nb.jpg 0 1 1\n", "Line 2 .* ends with 3 labels .* the first line with 2"),
        ("a.jpg 0 1\nb.jpg 1\n", "Line 2 .* ends with 1 labels"),
        ("a.jpg 0 1 0\nb.jpg 0 2 0\n", "Line 2 .*'b.jpg 0 2 0', ends with 1 labels"),
        ("a.jpg 0 1\n0 1\n", "Line 2 .*'0 1', ends with 1 labels"),
        ("a.jpg 3\nb.jpg x\n", "Line 2 .* does not end with one class id"),
        ("a.jpg 3\nb.jpg 0 1\n", "Line 2 .* does not end with one class id"),
        ("a.jpg 3\n7\n", "Line 2 .* does not end with one class id"),
        ("a.jpg\n", "begins 'a.jpg', without labels"),
        ("\n \n", "lists no image"),
    ],
)
def test_other_lines_are_refused(write, text, message):
    with pytest.raises(InputError, match=message):
        read_image_list(write(text))


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"There is no list of images '.*gone.txt'"):
        read_image_list(tmp_path / "gone.txt")
