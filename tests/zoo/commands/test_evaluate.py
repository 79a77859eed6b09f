"""`classwise evaluate` on files of codes; on models see test_evaluate_models.py."""

import dataclasses
import json

import numpy as np
import pytest

from classwise import zoo
from classwise.zoo.presets import presets
from classwise.zoo.retrieval import evaluate_codes


@pytest.fixture
def code_file(tmp_path):
    random = np.random.default_rng(0)
    arrays = {
        "query_codes": random.integers(0, 16, (20, 1)).astype(np.uint8) << 4,
        "query_labels": random.integers(0, 3, 20),
        "database_codes": random.integers(0, 16, (50, 1)).astype(np.uint8) << 4,
        "database_labels": random.integers(0, 3, 50),
        "code_length": np.array(4),
    }
    np.savez(tmp_path / "codes.npz", **arrays)
    return tmp_path / "codes.npz", arrays


def test_evaluate_a_file_of_codes(classwise, code_file):
    path, arrays = code_file
    status, out, _ = classwise("evaluate", path, "--top-k", 10, 50, "--radius", 1, "--json")
    assert status == 0
    document = json.loads(out)
    expected = evaluate_codes(
        *(arrays[k] for k in list(arrays)[:4]), code_length=4, top_k=(10, 50), radius=(1,)
    ).to_dict()
    for key in ("queries", "excluded_queries", "metrics"):
        assert document[key] == expected[key]
    assert document["protocol"] is None
    assert "precision_within_radius_1" in document["metrics"]


def test_labels_in_one_column_are_ids(classwise, code_file, tmp_path):
    path, arrays = code_file
    columns = {name: arrays[name][:, None] for name in ("query_labels", "database_labels")}
    np.savez(tmp_path / "columns.npz", **{**arrays, **columns})
    reports = []
    for name, file in (("ids", path), ("columns", tmp_path / "columns.npz")):
        options = ("--top-k", 10, "--json", "--report", tmp_path / name)
        status, out, _ = classwise("evaluate", file, *options)
        assert status == 0
        reports.append(json.loads(out)["metrics"])
    assert reports[0] == reports[1]


def test_evaluate_prints_a_table(classwise, code_file):
    status, out, _ = classwise("evaluate", code_file[0], "--top-k", 10)
    assert status == 0
    assert "map@10" in out
    assert "20 queries, 0 excluded" in out


def test_evaluate_writes_a_report(classwise, code_file, tmp_path):
    status, out, _ = classwise(
        "evaluate", code_file[0], "--top-k", 10, "--report", tmp_path / "report", "--json"
    )
    assert status == 0
    page = tmp_path / "report" / "index.html"
    assert json.loads(out)["report"] == str(page)
    assert "map@10" in page.read_text() or "mAP@10" in page.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_codes": np.zeros((20, 2), np.uint8)}, "query_codes"),
        ({"query_codes": np.zeros((20, 1), np.int64)}, "is int64"),
        ({"query_codes": np.ones((20, 1), np.uint8)}, "padding"),
        ({"query_labels": np.zeros(19, int)}, "19"),
        ({"query_labels": np.full(20, 7)}, "None of the 20 queries"),
        (
            {"query_codes": np.zeros((0, 1), np.uint8), "query_labels": np.zeros(0, int)},
            "at least one",
        ),
        ({"code_length": np.array(4.5)}, "code_length"),
        ({"database_labels": None}, "lacks database_labels"),
    ],
)
def test_bad_code_files(classwise, code_file, tmp_path, change, message):
    arrays = {k: v for k, v in {**code_file[1], **change}.items() if v is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    status, out, err = classwise("evaluate", tmp_path / "bad.npz", "--top-k", "10")
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("k", [0, -1, 51])
def test_cut_offs_outside_the_database(classwise, code_file, k):
    status, _, err = classwise("evaluate", code_file[0], "--top-k", k)
    assert status == 2
    assert str(k) in err
    assert ("50" if k > 0 else "an integer from 1") in err


def test_a_file_of_codes_takes_no_made_up_protocol(classwise, code_file):
    status, _, err = classwise("evaluate", code_file[0], "--protocol", "bogus", "--top-k", 10)
    assert status == 2
    assert "Unknown protocol 'bogus'" in err


def test_evaluate_input_errors(classwise, model_file, tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    preset = zoo.list_models()[0]
    for arguments, message in (
        ((tmp_path / "text.npz",), "not a readable .npz"),
        ((tmp_path / "gone.npz",), "no file"),
        ((tmp_path / "gone.keras", "--protocol", "cifar10-full"), "gone.keras"),
        ((model_file,), "--protocol is needed"),
        ((model_file, "--protocol", "fashion-mnist-ful"), "did you mean 'fashion-mnist-full'"),
        ((preset[:-1] + "x",), f"did you mean '{preset}'"),
        ((preset, preset), f"{preset} was given twice"),
        ((preset, tmp_path / "a.npz"), "one protocol"),
        ((*"abcdefgh", "--report", tmp_path / "report"), "at most 7"),
    ):
        status, out, err = classwise("evaluate", *arguments)
        assert (status, out) == (2, ""), arguments
        assert message in err
        assert err.count("\n") == 1
    assert not (tmp_path / "report").exists()


def test_presets_of_different_protocols_are_not_compared(classwise, monkeypatch):
    first, second = zoo.list_models(dataset="fashion_mnist")[:2]
    changed = dataclasses.replace(presets()[second], protocol="cifar10-full")
    monkeypatch.setitem(presets(), second, changed)
    status, _, err = classwise("evaluate", first, second)
    assert status == 2
    assert f"{second} (cifar10-full)" in err
    assert "--protocol" in err


def test_several_files_make_one_table_and_a_list(classwise, code_file, tmp_path):
    path, arrays = code_file
    other = tmp_path / "other.npz"
    np.savez(other, **arrays | {"query_codes": arrays["query_codes"][::-1]})
    single = [json.loads(classwise("evaluate", p, "--json")[1]) for p in (path, other)]
    status, out, _ = classwise("evaluate", path, other, "--json")
    assert status == 0
    assert json.loads(out) == single
    assert single[0]["metrics"] != single[1]["metrics"]

    status, out, _ = classwise("evaluate", path, other, "--top-k", 10)
    assert status == 0
    rows = [line for line in out.splitlines() if "│" in line]
    for document in single:
        value = f"{document['metrics']['map']['expected']:.4f}"
        assert sum(value in row for row in rows) == 1


def test_codes_of_one_bit(classwise, tmp_path):
    """The default radius, 2, would be beyond them."""
    codes = np.uint8([[0], [128]] * 4)
    labels = np.array([0, 1] * 4)
    names = ("query_codes", "query_labels", "database_codes", "database_labels")
    arrays = dict(zip(names, (codes, labels) * 2, strict=True))
    np.savez(tmp_path / "bit.npz", **arrays, code_length=1)
    report = tmp_path / "report"
    status, out, err = classwise("evaluate", tmp_path / "bit.npz", "--report", report, "--json")
    assert status == 0, err
    assert json.loads(out)["metrics"]["map"]["expected"] == 1
    assert json.loads(out)["metrics"]["precision_within_radius_1"]["expected"] == 0.5
    assert (report / "index.html").exists()


@pytest.mark.parametrize("radius", [-1, 5])
def test_radii_outside_the_code(classwise, code_file, radius):
    status, _, err = classwise("evaluate", code_file[0], "--radius", 1, radius)
    assert status == 2
    assert ("'-1' is not allowed" if radius < 0 else "radius holds 5") in err


def test_codes_have_no_embeddings(classwise, code_file):
    status, _, err = classwise("evaluate", code_file[0], "--embeddings")
    assert status == 2
    assert "gives codes only" in err


def test_codes_are_under_no_protocol(classwise, code_file):
    status, out, err = classwise("evaluate", code_file[0], "--protocol", "cifar10-full")
    assert (status, out) == (2, "")
    assert "holds codes, which do not tell of which images; leave --protocol out" in err
