import numpy as np
import pytest

from bench.studies import heads
from bench.studies.heads import LABELS, mean_average_precision, train_head

CLASSES, FEATURES, BITS = 4, 20, 16


@pytest.fixture(scope="module")
def sets():
    """Features of classes that differ in a few directions, of small variance, among many."""
    random = np.random.default_rng(0)
    means = random.normal(size=(CLASSES, 3))
    labels = np.arange(600) % CLASSES
    noise = random.normal(size=(600, FEATURES)) * np.r_[np.full(3, 0.2), np.full(FEATURES - 3, 1)]
    features = noise + np.pad(means[labels], ((0, 0), (0, FEATURES - 3)))
    features = features.astype(np.float32)
    return (features[:400], labels[:400]), (features[400:], labels[400:])


@pytest.mark.large
@pytest.mark.parametrize("method", [method for method in LABELS if method != "random"])
def test_a_trained_head_ranks_better_than_random_projections(sets, method, monkeypatch):
    monkeypatch.setattr(heads, "LEARNING_RATE", 0.03)  # for the few steps of so few features
    database, queries = sets
    found = {}
    for kind in (method, "random"):
        head = train_head(kind, *database, BITS, seed=0)
        assert head(queries[0]).shape == (200, BITS)
        found[kind] = mean_average_precision(head, queries, database, BITS)
        assert found[kind]["worst"] <= found[kind]["expected"] <= found[kind]["best"]
    assert found[method]["expected"] > found["random"]["expected"] + 0.2


def test_random_projections_are_those_of_the_centered_features(sets):
    (features, labels), _ = sets
    head = train_head("random", features, labels, BITS, seed=3)
    np.testing.assert_allclose(head(features).mean(axis=0), 0, atol=1e-3)
    drawn = np.random.default_rng(3).normal(size=(FEATURES, BITS))
    np.testing.assert_allclose(
        head(features[:2]) - head(features[2:4]),
        (features[:2] - features[2:4]) @ drawn,
        rtol=1e-3,
        atol=1e-3,
    )
