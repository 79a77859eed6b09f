import re

import pytest

from classwise.zoo.foundation.printing import print_table

COLUMNS = ["codes", ">mAP", ">precision@100"]
ROWS = [["dcwh_efficientnet_lite0_clothing_64", ".9012", ".8421"], ["[PCA] + ITQ", ".7", ""]]


def printed(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("Beside", COLUMNS, ROWS)
    return re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.parametrize("width", [20, 40, 60, 70, 100])
def test_no_figure_is_cut_on_a_narrow_screen(terminal, capsys, monkeypatch, width):
    text = printed(capsys, monkeypatch, width)
    assert max(map(len, text.splitlines())) <= width
    for part in (".9012", ".8421", "mAP", "precision@100", "[PCA] + ITQ"):
        assert part in text
    assert ROWS[0][0] in re.sub(r"[\s│]", "", text)


def test_cells_stand_below_each_other_where_a_row_has_no_room(terminal, capsys, monkeypatch):
    lines = printed(capsys, monkeypatch, 40).splitlines()
    assert lines == [
        "Beside",
        "dcwh_efficientnet_lite0_clothing_64",
        "  mAP: .9012",
        "  precision@100: .8421",
        "[PCA] + ITQ",
        "  mAP: .7",
    ]


def test_what_is_no_terminal_gets_every_row_on_one_line(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, 40)
    assert any(all(cell in line for cell in ROWS[0]) for line in text.splitlines())
