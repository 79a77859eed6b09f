from types import SimpleNamespace

import numpy as np

from bench.studies import frozen_features
from bench.studies.heads import LABELS


def test_rows_that_are_known_are_not_measured_again(monkeypatch, tmp_path):
    labels = np.arange(12) % 3
    positions = {"training": [0, 1, 2], "validation": [3], "queries": [4, 5], "database": [6, 7, 8]}
    split = SimpleNamespace(
        positions={role: np.array(found) for role, found in positions.items()},
        seen_classes=np.arange(3),
        images=SimpleNamespace(labels=labels),
    )
    features = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    monkeypatch.setattr(frozen_features, "pooled_features", lambda *_: (split, features))
    monkeypatch.setattr(frozen_features, "get_protocol", lambda name: name)
    trained = []

    def train_head(method, features, labels, code_length, seed):
        trained.append((method, code_length, seed))
        return lambda found: found[:, :code_length]

    monkeypatch.setattr(frozen_features, "train_head", train_head)
    rows = frozen_features.study("toy", (4, 5), 2, tmp_path, [])
    assert len(trained) == 2 * len(LABELS) * 2
    assert [row["code_length"] for row in rows] == [4] * len(LABELS) + [5] * len(LABELS)
    trained.clear()
    short = [{**row, "by_seed": row["by_seed"][:1]} for row in rows[:1]]
    assert frozen_features.study("toy", (4, 5), 2, tmp_path, short + rows[2:]) == rows
    assert {row[:2] for row in trained} == {(row["method"], row["code_length"]) for row in rows[:2]}
