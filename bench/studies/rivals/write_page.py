"""Writes docs/RIVALS.md and its picture from bench/studies/results/rivals.json.

python -m bench.studies.rivals.write_page
"""

import json
from pathlib import Path

from bench.studies.rivals.contestants import LABELS
from bench.studies.rivals.draw import draw
from bench.studies.rivals.findings import cells, reasons, verdicts
from bench.studies.rivals.sections import choices, cost, few, ground_tables, overall, terms
from classwise.zoo.foundation.files import replacing_file

RESULTS = Path(__file__).parents[1] / "results" / "rivals.json"
PAGE = Path(__file__).parents[3] / "docs" / "RIVALS.md"

INTRODUCTION = """\
# Rivals on equal terms

Which loss makes the best codes when everything else is the same? Every figure comes from
`bench/studies/results/rivals.json`; `make study-rivals` measures what is not there and writes this
page, sentences that name a winner included. The two methods of this package, DCWH and vMF, are set
in bold. OrthoHash and CSQ are losses of this package, too (`classwise train --method`); the others
are in the study only. ITQ turns an embedding whose axes mean nothing, so that its signs lose less;
it is tried with every loss of that kind."""


def missing(found: dict) -> str:
    """Says which trainings are left, where some are."""
    given, left = found["settings"], []
    wanted = len(LABELS) * given["seeds"]
    for ground, facts in given["grounds"].items():
        for length in given["code_lengths"]:
            measured = sum(len(cell.runs) for cell in cells(found, ground, length))
            if measured < wanted:
                left.append(f"{facts['title']} at {length} bits ({measured} of {wanted})")
    if not left:
        return ""
    return f"Not all was measured; `make study-rivals` goes on with {'; '.join(left)}."


def page(found: dict) -> str:
    """Returns the whole page."""
    told = [
        "![mAP of every loss on every ground](rivals.png)",
        "## What is found",
        "\n".join(f"- {line}" for line in verdicts(found)),
    ]
    why = reasons(found)
    if why:
        told += [
            "Where another loss is above both of ours with every seed, and what its codes look "
            "like beside them:",
            "\n".join(f"- {line}" for line in why),
        ]
    grounds = found["settings"]["grounds"].items()
    parts = [
        INTRODUCTION,
        missing(found),
        *told,
        overall(found),
        terms(found),
        "## On each ground",
        *(ground_tables(found, name, facts) for name, facts in grounds),
        few(found),
        cost(found),
        choices(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def main():
    found = json.loads(RESULTS.read_text())
    with replacing_file(PAGE) as temporary:
        temporary.write_text(page(found), encoding="utf-8")
    draw(found, PAGE.parent / "rivals.png")


if __name__ == "__main__":
    main()
