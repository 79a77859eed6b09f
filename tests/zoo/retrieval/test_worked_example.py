"""The worked example of docs/METRICS.md: its tables are the input and the expected output."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.retrieval.hamming_distances import hamming_distances

DOCUMENT = Path(__file__).parents[3] / "docs" / "METRICS.md"


def tables():
    """The tables of the example, `{first header cell: {row name: cells}}`."""
    text = DOCUMENT.read_text(encoding="utf-8").split("## A worked example")[1].split("\n## ")[0]
    found, current = {}, None
    for line in text.splitlines():
        if not line.startswith("|"):
            current = None
            continue
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if current is None:
            current = found.setdefault(name, {"": cells})
        elif not name.startswith("---"):
            current[name] = cells
    return found


def codes_and_labels(table):
    bits = [[int(bit) for bit in code] for code in table["code"]]
    return np.packbits(np.uint8(bits), axis=1), np.array(["ABC".index(c) for c in table["class"]])


def evaluate(divisor="min", one_hot=False):
    found = tables()
    (queries, query_labels), (items, labels) = map(
        codes_and_labels, (found["query"], found["item"])
    )
    if one_hot:
        query_labels, labels = (np.eye(3, dtype=int)[ids] for ids in (query_labels, labels))
    return evaluate_codes(
        queries, query_labels, items, labels,
        code_length=4, top_k=(3,), radius=(1,), divisor=divisor,
    )  # fmt: skip


def test_distance_matrix():
    found = tables()
    distances = hamming_distances(
        codes_and_labels(found["query"])[0], codes_and_labels(found["item"])[0], 4
    )
    assert distances.shape == (4, 8)
    for row, query in enumerate(found["query"][""]):
        assert distances[row].tolist() == [int(cell) for cell in found["distance"][query]]


def test_metrics():
    table = tables()["expected"]
    header = table.pop("")
    assert len(table) == 7
    for row, cells in table.items():
        name, _, divisor = row.partition(" ")
        result = evaluate(divisor or "min")
        value = result.metrics[name]
        reported = [*result.per_query[name][0, :3], value.expected, value.worst, value.best]
        assert header == ["q1", "q2", "q3", "mean", "worst", "best"]
        assert reported == pytest.approx([float(Fraction(cell)) for cell in cells], abs=1e-12), row


def test_bounds_of_the_first_query():
    assert evaluate().per_query["map"][:, 0] == pytest.approx([311 / 360, 37 / 48, 19 / 20])


def test_counts_and_curve():
    result, curve = evaluate(), tables()["radius"]
    assert (result.queries, result.excluded_queries) == (4, 1)
    zero_hits = {"expected": 1 / 3, "worst": 1, "best": 0}
    assert result.zero_hit_queries["3"] == pytest.approx(zero_hits)
    for name in ("precision", "recall"):
        values = [float(Fraction(cell)) for cell in curve[name]]
        assert getattr(result.curve, name) == pytest.approx(values, abs=1e-12)


def test_ndcg():
    value = evaluate(one_hot=True).per_query["ndcg@3"][0, 0]
    assert f"= {value:.4f}." in DOCUMENT.read_text(encoding="utf-8")
