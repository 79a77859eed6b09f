"""The page that sets several models beside each other."""

import dataclasses

import numpy as np
import pytest

from classwise.zoo.evaluation.report.comparison_page import series_by_code_length
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.write_report import write_report
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import evaluate_codes


@pytest.fixture(scope="module")
def result():
    """Of codes of 12 bits."""
    random = np.random.default_rng(0)
    codes, labels = random.integers(0, 16, (40, 2), np.uint8) << 4, random.integers(0, 3, 40)
    return evaluate_codes(codes[:10], labels[:10], codes, labels, code_length=12)


@pytest.fixture(scope="module")
def compared(result, tmp_path_factory):
    """The page of three models, two of one family, and what they are."""
    codes = np.uint8([[0], [255], [255]])
    shorter = evaluate_codes(codes, [0, 1, 0], codes[:2], [0, 1])
    reports = [
        EvaluationReport("mine_12", result, protocol="toy-full"),
        EvaluationReport("runs/mine_8.keras", shorter, protocol="toy-full"),
        EvaluationReport("<other>.npz", result, protocol="toy-full"),
    ]
    return write_report(tmp_path_factory.mktemp("report") / "compared", *reports), reports


def test_leads_to_the_page_of_every_model(compared, outline):
    page, reports = compared
    links = [a["href"] for a in outline(page).having("a")]
    assert links == [f"models/{name}/index.html" for name in ("mine_12", "mine_8", "other")]
    for link, report in zip(links, reports, strict=True):
        assert report.title in outline(page.parent / link).text


def test_holds_what_it_shows(compared, outline):
    page, reports = compared
    outline = outline(page)
    assert outline.outside == []
    for report in reports:
        value = report.result.metrics["map"]
        for number in (value.expected, value.worst, value.best, value.standard_error):
            assert f"{number:.4f}" in outline.text
        for name in {"precision_within_radius_2", "recall@100"} & set(report.result.metrics):
            assert f"{report.result.metrics[name].expected:.4f}" in outline.text
    assert outline.text.count("differs: see each model") == 2  # queries and database
    assert "toy-full" in outline.text
    assert len(outline.having("img")) == 2


def test_models_of_one_length_need_no_figure_of_lengths(result, tmp_path):
    reports = [EvaluationReport(title, result) for title in ("a", "b")]
    page = write_report(tmp_path / "report", *reports)
    assert {path.stem for path in (page.parent / "figures").iterdir()} == {"precision_recall"}


@pytest.mark.large
def test_more_models_than_a_figure_shows_leave_nothing(result, tmp_path):
    reports = [EvaluationReport(str(number), result) for number in range(8)]
    with pytest.raises(InputError, match="8 entries"):
        write_report(tmp_path / "report", *reports)
    assert list(tmp_path.iterdir()) == []


def test_a_family_differs_in_nothing_but_the_code_length(result):
    names = {"dcwh_v2_16": 16, "dcwh_v2_8": 8, "8": 8, "dcwh_v2-8": 8}
    reports = [
        EvaluationReport(name, dataclasses.replace(result, code_length=bits))
        for name, bits in names.items()
    ]
    lines = series_by_code_length(reports, list(names))
    assert {name: sorted(by_length) for name, by_length in lines.items()} == {
        "dcwh_v2": [8, 16],
        "8": [8],
        "dcwh_v2-8": [8],  # a second one of this family and length
    }
