import json
import sys

import numpy as np
import pytest

from bench.studies import fitting
from bench.studies.fitting_sets import PhotoSet, even_classes, everything, odd_classes, second_half
from classwise.zoo.fitting.fitting_plan import FittingPlan
from tools.publish.fitting_tables import fitting_tables


@pytest.fixture
def folder(tmp_path):
    """Features of 90 photos of three kinds."""
    random = np.random.default_rng(0)
    labels = np.repeat(["bag", "coat", "dress"], 30)
    means = np.repeat(random.normal(size=(3, 16)), 30, axis=0)
    features = (means + random.normal(size=(90, 16))).astype(np.float16)
    np.savez(tmp_path / "toy.npz", features=features, labels=labels)
    return tmp_path


def test_parts_of_a_set(folder):
    labels = np.load(folder / "toy.npz")["labels"]
    assert set(labels[even_classes(labels)]) == {"bag", "dress"}
    assert set(labels[odd_classes(labels)]) == {"coat"}
    assert second_half(labels).sum() == 45
    features, ids = PhotoSet(("toy", "toy"), odd_classes, "twice").load(folder)
    assert features.shape == (60, 16)
    assert features.dtype == np.float32
    assert set(ids.tolist()) == {0}


def test_features_ranked_by_a_loop(folder):
    features, labels = PhotoSet(("toy",), everything, "").load(folder)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    precisions, firsts = [], []
    for i in range(len(units)):
        order = sorted((j for j in range(90) if j != i), key=lambda j: -(units[i] @ units[j]))
        relevant = [labels[j] == labels[i] for j in order]
        hits = [sum(relevant[: place + 1]) / (place + 1) for place in range(89) if relevant[place]]
        precisions.append(np.mean(hits))
        firsts.append(relevant[0])
    found = fitting.measured_features(features, labels)
    assert abs(found["map"] - np.mean(precisions)) < 1e-4
    assert abs(found["recall@1"] - np.mean(firsts)) < 1e-4


@pytest.mark.large
def test_entries_are_measured_once_and_become_tables(folder, tmp_path, monkeypatch):
    toy = {"toy": PhotoSet(("toy",), everything, "toys")}
    tuned = {"tuned": PhotoSet(("toy",), everything, "the others")}
    monkeypatch.setattr(fitting, "REPORTED", toy)
    monkeypatch.setattr(fitting, "TUNING", tuned)
    monkeypatch.setattr("tools.publish.fitting_tables.REPORTED", toy)
    monkeypatch.setattr("tools.publish.fitting_tables.TUNING", tuned)
    monkeypatch.setattr(fitting, "CODE_LENGTHS", (8,))
    monkeypatch.setattr(fitting, "ABLATION_BITS", 8)
    monkeypatch.setattr(fitting, "ABLATIONS", {"as it is": {}, "shorter": {"neighbors": 0}})
    monkeypatch.setattr(fitting, "FittingPlan", lambda **change: FittingPlan(steps=10, **change))
    output = tmp_path / "bench" / "results" / "fitting.json"
    monkeypatch.setattr(sys, "argv", ["fitting.py", str(folder), "--output", str(output)])
    fitting.main()
    first = json.loads(output.read_text())
    measured = first["sets"]["toy"]
    assert measured["size"] == {"photos": 90, "classes": 3}
    assert set(measured["8"]) == {"random projection", "PCA + ITQ", "dcwh", "vmf"}
    assert measured["8"]["dcwh"]["map"] > 0.5
    del first["sets"]["tuned"]["shorter"]
    first["sets"]["toy"]["float"] = {"map": 0.125, "recall@1": 0.5}
    output.write_text(json.dumps(first))
    fitting.main()
    again = json.loads(output.read_text())
    assert again["sets"]["toy"] == first["sets"]["toy"]
    assert "shorter" in again["sets"]["tuned"]

    page = fitting_tables(tmp_path)
    assert "**toys**: 90 photos, 3 kinds; float cosine 0.125 / 0.500" in page
    assert f"{measured['8']['vmf']['map']:.3f} / {measured['8']['vmf']['recall@1']:.3f}" in page
    assert "| shorter |" in page
