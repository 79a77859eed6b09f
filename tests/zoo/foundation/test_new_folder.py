from pathlib import Path

import pytest

from classwise.zoo import InputError
from classwise.zoo.foundation.new_folder import check_new_folder


def check(path, replace=False):
    check_new_folder(path, "a bundle", "bundle", replace, "empty it")


def test_folders_that_are_new_or_empty_or_may_be_replaced(tmp_path):
    check(tmp_path / "new")
    check(tmp_path)
    (tmp_path / "thesis.txt").write_text("precious")
    check(tmp_path, replace=True)
    with pytest.raises(InputError, match=r"holds thesis\.txt; give another folder, or empty it"):
        check(tmp_path)


@pytest.mark.parametrize("name", [".", "..", "file", "file/below/.."])
def test_names_that_are_no_new_folder(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"names no new folder.*bundle|is a file; a bundle is a"):
        check(Path(name) if name[0] == "." else tmp_path / name, replace=True)
