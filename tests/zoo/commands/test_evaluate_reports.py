"""The report pages that `classwise evaluate` writes of models."""

import json

import keras
import pytest

from classwise.zoo import Hasher
from classwise.zoo.evaluation.report import report_figures


@pytest.mark.large
def test_a_report_appears_whole_or_not_at_all(evaluated, model_file, tmp_path, monkeypatch):
    report = tmp_path / "report"
    report.mkdir()  # an empty folder is nobody's
    assert evaluated(model_file, "--report", report)[0] == 0
    before = {path: path.stat().st_ino for path in report.rglob("*")}

    def fails(confusion, names):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:  # the last figure of a page
        patch.setattr(report_figures.figures, "confusion_matrix", fails)
        status, _, err = evaluated(model_file, "--report", report)
        assert status == 2
        assert "No space left" in err
        assert {path: path.stat().st_ino for path in report.rglob("*")} == before
        assert evaluated(model_file, "--report", tmp_path / "other" / "report")[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["report"]

    assert evaluated(model_file, "--report", report)[0] == 0
    assert {path: path.stat().st_ino for path in report.rglob("*")} != before


def test_not_even_force_replaces_a_file_of_somebody_else(evaluated, model_file, tmp_path):
    report = tmp_path / "report"
    assert evaluated(model_file, "--report", report)[0] == 0
    (report / "figures" / "thesis.txt").write_text("mine")
    status, _, err = evaluated(model_file, "--report", report, "--force")
    assert status == 2
    assert "thesis.txt, which is not as classwise wrote it" in err
    assert (report / "figures" / "thesis.txt").read_text() == "mine"


def test_one_bit(evaluated, model_file, tmp_path):
    path, report = tmp_path / "bit.keras", tmp_path / "report"
    Hasher(keras.saving.load_model(model_file).backbone, 1, 10).save(path)
    status, _, err = evaluated(path, "--report", report)
    assert status == 0, err
    figures = {file.stem for file in (report / "figures").iterdir()}
    assert "centers" in figures
    assert "embedding" not in figures  # a map needs two dimensions


@pytest.mark.browser
def test_chromium_opens_the_written_pages(evaluated, model_file, tmp_path, rendered):
    report, other = tmp_path / "report", tmp_path / "other_24.keras"
    Hasher(keras.saving.load_model(model_file).backbone, 24, 10).save(other)
    status, out, err = evaluated(model_file, other, "--report", report, "--json")
    assert status == 0, err
    comparison = rendered(report / "index.html")
    assert comparison.count("<img") == 2
    for document in json.loads(out):
        page = rendered(report / "models" / document["report"].split("/")[-2] / "index.html")
        assert page.count("<img") == 7
        for name, value in document["metrics"].items():
            assert f"{value['expected']:.4f}" in page
            assert f"{value['expected']:.4f}" in comparison, name
