from pathlib import Path

import pytest

from classwise.zoo import InputError
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.written_folder import RECORD, written_kind


class Full(OSError):
    """What a full disk raises."""


def check(path, replace=False):
    check_new_folder(path, "a bundle", "bundle", replace, "empty it")


def write(path, *names, error=None):
    with replacing_folder(path, "a bundle") as temporary:
        for name in names:
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_text(name)
        (temporary / "empty").mkdir()
        if error:
            raise error


def tree(path):
    return {str(each.relative_to(path)) for each in path.rglob("*") if each.name != RECORD}


def test_folders_that_are_new_or_empty(tmp_path):
    check(tmp_path / "new")
    check(tmp_path)
    check(tmp_path, replace=True)
    (tmp_path / "Thumbs.db").write_text("a file manager was here")
    check(tmp_path)
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match=r"holds thesis\.txt; give another folder, or empty it"):
        check(tmp_path)


@pytest.mark.parametrize("name", [".", "..", "file", "file/below/..", "file/below"])
def test_names_that_are_no_new_folder(tmp_path, name):
    (tmp_path / "file").write_text("")
    pattern = r"names no new folder.*bundle|(is|would be in) a file; a bundle is a"
    with pytest.raises(InputError, match=pattern):
        check(Path(name) if name[0] == "." else tmp_path / name, replace=True)


def test_the_working_directory_stays(tmp_path, monkeypatch):
    (tmp_path / "here/below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here/below")
    with pytest.raises(InputError, match="holds the working directory"):
        check(tmp_path / "here", replace=True)


def test_a_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "model"
    write(target, "one", "below/deep/one")
    (target / "below/.DS_Store").write_text("a file manager was here")
    check(target, replace=True)
    write(target, "two")
    assert tree(target) == {"two", "empty"}
    assert written_kind(target) == "a bundle"
    with pytest.raises(Full):
        write(target, "three", error=Full)
    assert tree(target) == {"two", "empty"}
    assert list(tmp_path.iterdir()) == [target]


def add(name):
    def change(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("mine")

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (add("thesis.txt"), "thesis.txt"),
        (add("below/notes.txt"), "below/notes.txt"),
        (add("mine/notes.txt"), "mine"),
        (add("one"), "one"),  # written by classwise, and altered since
        (lambda folder: (folder / "mine").mkdir(), "mine"),
        (lambda folder: (folder / "link").symlink_to("gone"), "link"),
        (lambda folder: (folder / RECORD).unlink(), "below"),
        (lambda folder: (folder / RECORD).write_text("[" * 100_000), RECORD),
        (lambda folder: (folder / RECORD).write_text('{"kind": 1, "entries": 2}'), RECORD),
    ],
)
def test_what_somebody_else_put_there_stays(tmp_path, change, named):
    target = tmp_path / "model"
    write(target, "below/one", "one")
    change(target)
    before = {path: path.is_file() and path.read_bytes() for path in target.rglob("*")}
    for attempt in (lambda: check(target, replace=True), lambda: write(target, "two")):
        with pytest.raises(InputError, match=f"holds {named}, which is not as classwise wrote it"):
            attempt()
        after = {path: path.is_file() and path.read_bytes() for path in target.rglob("*")}
        assert after == before
    assert list(tmp_path.iterdir()) == [target]


def test_what_arrives_while_the_new_folder_is_written_stays(tmp_path):
    target = tmp_path / "model"
    write(target, "one")
    with pytest.raises(InputError, match=r"holds late\.txt"), replacing_folder(target, "x"):
        (target / "late.txt").write_text("mine")
    assert tree(target) == {"one", "late.txt", "empty"}


def test_a_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", "one")
    assert (tmp_path / "link").is_symlink()
    assert tree(tmp_path / "real") == {"one", "empty"}
