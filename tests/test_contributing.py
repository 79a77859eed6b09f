"""CONTRIBUTING.md names files that exist, and its worked example is a metric."""

import re
from pathlib import Path

import numpy as np
import pytest

from classwise.zoo import backbones, methods
from classwise.zoo.datasets import catalogue, listed_protocols, protocols
from classwise.zoo.retrieval import evaluate_codes, metrics
from classwise.zoo.retrieval.metric import METRICS
from classwise.zoo.training import recipe_files
from tools.publish.write_tables import metrics_table

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("| to add |")[2].partition("\n\n")[0]
ROWS = {
    row[0]: row[1:]
    for row in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines()[2:]
    )
}
# Which module knows all entries of a kind: the row has to lead there.
HOMES = {
    "a metric": metrics,
    "a loss, with its method": methods,
    "a backbone": backbones,
    "a data set": catalogue,
    "a protocol": protocols,
    "a protocol of lists": listed_protocols,
}


def paths(text):
    """Returns the paths that a text names."""
    return re.findall(r"`((?:classwise|tests|docs|tools)/[^`\s]*)`", text)


def test_every_kind_of_thing_has_a_row():
    assert set(ROWS) == {*HOMES, "an export format", "a store", "a recipe", "a preset"}


@pytest.mark.parametrize("kind", ROWS)
def test_a_thing_takes_at_most_three_files_that_exist(kind):
    files, example = map(paths, ROWS[kind])
    assert 1 <= len(files) <= 3
    assert len(example) == 1
    for path in files + example:
        assert (ROOT / path).exists(), path
    assert any(example[0].startswith(path) for path in files)


@pytest.mark.parametrize("kind", HOMES)
def test_a_row_leads_to_the_entries(kind):
    home = Path(HOMES[kind].__file__).relative_to(ROOT).as_posix()
    named = paths(ROWS[kind][0])
    assert home in named or home.removesuffix("__init__.py") in named


def test_recipes_are_where_the_row_says():
    (folder,) = paths(ROWS["a recipe"][0])
    assert {file.parent for file, _ in recipe_files.bundled_recipes().values()} == {ROOT / folder}


def test_every_file_named_on_the_page_exists():
    made_up = {path for path in paths(PAGE) if "f_score" in path}
    assert len(made_up) == 2
    for path in set(paths(PAGE)) - made_up:
        assert (ROOT / path).exists(), path
    modules = re.findall(r"python -m ([\w.]+)", PAGE.replace("python -m pytest", ""))
    assert modules
    for module in modules:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module


def test_the_worked_example_is_a_metric():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    before = list(METRICS)
    try:
        exec(compile(code, "f_score.py", "exec"), {"__name__": "f_score"})
        codes = np.packbits(np.random.default_rng(0).random((20, 8)) < 0.5, axis=1)
        labels = np.arange(20) % 4
        sets = codes[:5], labels[:5], codes[5:], labels[5:]
        result = evaluate_codes(*sets, code_length=8, top_k=(4,))
        assert "harmonic mean of precision and recall of the first K" in metrics_table(None)
    finally:
        METRICS[:] = before
    values = {
        name: result.per_query[f"{name}@4"][1:] for name in ("f_score", "precision", "recall")
    }
    precision, recall = values["precision"], values["recall"]
    sums = np.maximum(precision + recall, 1e-12)
    np.testing.assert_allclose(values["f_score"], 2 * precision * recall / sums, atol=1e-9)
