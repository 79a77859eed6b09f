"""`classwise index --fit`: a folder without labels becomes an index by one command."""

import json

import pytest

from classwise.zoo.fitting.fitting_request import FittingRequest
from classwise.zoo.search.open_index import open_index
from tests.zoo.commands.test_fit_command import few_steps, left, photos

__all__ = ["few_steps", "photos"]


@pytest.fixture(autouse=True)
def small_trunk(monkeypatch, tmp_path):
    names = list(FittingRequest.__dataclass_fields__)
    defaults = list(FittingRequest.__init__.__defaults__)
    defaults[names.index("trunk")] = "dcwh_resnet9_fashion_mnist_48"
    monkeypatch.setattr(FittingRequest.__init__, "__defaults__", tuple(defaults))
    monkeypatch.chdir(tmp_path)


def test_a_folder_is_fitted_and_indexed_by_one_command(classwise, photos, tmp_path):
    status, out, err = classwise("index", photos, "-o", "p.index", "--fit", "--json")
    assert (status, left(tmp_path)) == (0, ["p.index", "p.index.keras"]), err
    assert json.loads(out)["encoded"] == 150
    facts = open_index(tmp_path / "p.index").facts
    assert (facts.code_length, facts.model) == (64, str(tmp_path / "p.index.keras"))
    assert classwise("search", "p.index", photos / "0" / "000.png", "-k", "3")[0] == 0
    status, out, err = classwise("index", photos, "-o", "p.index", "--fit", "--json")
    assert json.loads(out)["known"] == 150, err
    assert "is used" in err


def test_another_model_is_not_mixed_in(classwise, photos, tmp_path):
    other = "vmf_resnet9_fashion_mnist_16"
    assert classwise("index", photos, "-o", "p.index", "--model", other)[0] == 0
    status, _, err = classwise("index", photos, "-o", "p.index", "--fit")
    assert status == 2
    assert f"was made with {other}; leave --fit out" in err
    assert left(tmp_path) == ["p.index"]


def test_too_few_photos_are_refused(classwise, photos, tmp_path):
    (tmp_path / "few").mkdir()
    for path in sorted(photos.rglob("*.png"))[:9]:
        (tmp_path / "few" / path.name).write_bytes(path.read_bytes())
    status, _, err = classwise("index", "few", "-o", "few.index", "--fit")
    assert status == 2
    assert "There are 9 images" in err
    assert left(tmp_path) == ["few"]


def test_a_model_and_a_fitting_exclude_each_other(classwise, photos):
    status, _, err = classwise("index", photos, "-o", "p.index", "--fit", "--model", "x.onnx")
    assert status == 2
    assert "not allowed with" in err
