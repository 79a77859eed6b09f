"""What the page says of figures, from figures made up for it."""

import pytest

from bench.studies.rivals import write_page
from bench.studies.rivals.findings import cells, leader, places, reasons, verdicts

GROUND = "a"


def made_up(**by_method):
    """Results of one ground in 32 bits, `method=(mAP of each seed)`."""
    runs = [
        {
            "ground": GROUND,
            "method": method,
            "code_length": 32,
            "seed": seed,
            "per_class": None,
            "map": value,
            "band": [value - 0.01, value + 0.01],
            "distinct": 5,
            "equal": 0.5,
        }
        for method, values in by_method.items()
        for seed, value in enumerate(values)
    ]
    return {
        "settings": {
            "grounds": {GROUND: {"title": "A"}},
            "code_lengths": [32],
            "seeds": len(next(iter(by_method.values()))),
        },
        "runs": runs,
    }


def ranked(**by_method):
    return cells(made_up(**by_method), GROUND, 32)


def test_the_highest_mean_is_first():
    found = ranked(csq=(0.2, 0.4), dcwh=(0.5, 0.5), vmf=(0.1, 0.1))
    assert [cell.method for cell in found] == ["dcwh", "csq", "vmf"]
    assert found[1].mean == pytest.approx(0.3)
    assert found[1].band == pytest.approx((0.29, 0.31))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"dcwh": (0.5,), "csq": (0.4,)}, "DCWH 0.500, every seed above CSQ 0.400"),
        (
            {"csq": (0.5, 0.3), "dcwh": (0.35, 0.35)},
            "CSQ 0.400, with overlapping seeds before DCWH 0.350, the best of ours",
        ),
        (
            {"csq": (0.5,), "hashnet": (0.4,), "vmf": (0.3,), "dcwh": (0.2,)},
            "CSQ 0.500, every seed above HashNet 0.400; the best of ours is vMF 0.300, place 3",
        ),
    ],
)
def test_it_is_said_who_leads_whoever_that_is(values, text):
    assert leader(ranked(**values)) == text
    assert verdicts(made_up(**values)) == [f"**A.** 32 bits: {text}."]


def test_a_reason_is_looked_for_where_every_seed_of_a_rival_is_above_ours():
    (line,) = reasons(made_up(csq=(0.5, 0.6), dcwh=(0.4, 0.45), vmf=(0.1, 0.1)))
    assert "CSQ is 0.125 above DCWH" in line
    assert "even the worst order of its ties" in line
    assert not reasons(made_up(csq=(0.5, 0.42), dcwh=(0.4, 0.45)))
    assert not reasons(made_up(csq=(0.4,), dcwh=(0.5,)))


def test_places_are_counted_over_all_cells():
    found = made_up(csq=(0.5,), dcwh=(0.4,))
    assert [row[:3] for row in places(found)] == [("csq", 1, 1), ("dcwh", 2, 0)]
    assert places(found)[1][3] == pytest.approx(0.1)


def test_a_code_length_that_is_half_measured_has_no_winner():
    found = made_up(csq=(0.5, 0.6), dcwh=(0.4, 0.4))
    found["runs"].pop()
    assert not verdicts(found)
    assert not places(found)
    assert write_page.missing(found) == (
        "Not all was measured; `make study-rivals` goes on with A at 32 bits "
        f"(3 of {2 * len(write_page.LABELS)})."
    )


def test_the_page_says_what_was_measured():
    results, page = write_page.RESULTS, write_page.PAGE
    found = write_page.json.loads(results.read_text())
    assert page.read_text(encoding="utf-8") == write_page.page(found), (
        "run PYTHONPATH=. python -m bench.studies.rivals.write_page"
    )
    assert (page.parent / "rivals.png").exists()
