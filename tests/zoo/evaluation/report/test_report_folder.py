"""Which folders a report replaces, and which it leaves alone."""

import numpy as np
import pytest

from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.write_report import write_report
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.foundation.written_folder import RECORD
from classwise.zoo.retrieval import evaluate_codes

CODES = np.uint8([[0], [255], [255]])
RESULT = evaluate_codes(CODES, [0, 1, 2], CODES[:2], [0, 1])


def names(folder):
    return {path.name for path in folder.iterdir()} - {RECORD}


def test_an_earlier_report_is_replaced_as_a_whole(tmp_path):
    report, short = tmp_path / "report", EvaluationReport("second", RESULT)
    write_report(report, EvaluationReport("first", RESULT), EvaluationReport("other", RESULT))
    assert (report / "models").is_dir()
    (report / "figures" / ".DS_Store").write_text("a file manager was here")
    write_report(report, short)
    assert names(report) == {"figures", "index.html"}
    assert {path.stem for path in (report / "figures").iterdir()} == {"precision_recall", "classes"}
    assert "second" in (report / "index.html").read_text("utf-8")


@pytest.mark.parametrize("foreign", ["thesis.txt", "figures/raw.csv", "notes/a.txt", "index.html"])
@pytest.mark.parametrize("force", [False, True])
def test_a_folder_with_anything_else_stays(tmp_path, foreign, force):
    short, report = EvaluationReport("short", RESULT), tmp_path / "report"
    if foreign != "index.html":  # which here is somebody else's page
        write_report(report, short)
    (report / foreign).parent.mkdir(parents=True, exist_ok=True)
    (report / foreign).write_text("mine")
    before = sorted(path.relative_to(report) for path in report.rglob("*"))
    with pytest.raises(InputError, match=f"holds {foreign.partition('/a')[0]}"):
        write_report(report, short, force=force)
    assert sorted(path.relative_to(report) for path in report.rglob("*")) == before
    assert (report / foreign).read_text() == "mine"


def test_figures_without_a_page_are_nobodys_report(tmp_path):
    (tmp_path / "report" / "figures").mkdir(parents=True)
    (tmp_path / "report" / "figures" / "holiday.png").write_text("mine")
    with pytest.raises(InputError, match="holds figures"):
        write_report(tmp_path / "report", EvaluationReport("x", RESULT))


def test_a_folder_of_another_kind_goes_by_force_only(tmp_path):
    with replacing_folder(tmp_path / "report", "a mirror") as folder:
        (folder / "index.json").write_text("{}")
    short = EvaluationReport("short", RESULT)
    with pytest.raises(InputError, match=r"holds .*json; .*with --force"):
        write_report(tmp_path / "report", short)
    write_report(tmp_path / "report", short, force=True)
    assert names(tmp_path / "report") == {"figures", "index.html"}
