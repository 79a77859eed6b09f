"""NMI against its definition, on vectors whose best clusters are known: they were drawn so."""

import math
from collections import Counter

import numpy as np
import pytest

from classwise.zoo.retrieval import evaluate_embeddings


def naive_nmi(clusters, classes):
    """2 I / (H + H), entropy by entropy."""

    def entropy(values):
        shares = [count / len(values) for count in Counter(values).values()]
        return -sum(share * math.log(share) for share in shares)

    both = entropy(list(zip(clusters, classes, strict=True)))
    apart = entropy(clusters) + entropy(classes)
    return 2 * (apart - both) / apart


def test_equals_the_definition():
    found, expected = [], []
    for seed in range(200):
        random = np.random.default_rng(seed)
        classes = int(random.integers(2, 6))
        # Every direction and every class occurs, but the classes only partly follow the directions.
        directions = np.append(np.arange(classes), random.integers(0, classes, 20))
        follows = random.random(len(directions)) < random.random()
        labels = np.where(follows, directions, random.integers(0, classes, len(directions)))
        labels[:classes] = np.arange(classes)
        vectors = np.eye(6)[directions] + 0.02 * random.normal(size=(len(directions), 6))
        vectors *= 10 ** random.uniform(-2, 2, (len(directions), 1))  # their lengths do not count
        metrics = evaluate_embeddings(vectors, labels, recall_at=(1,)).metrics
        assert metrics["nmi"]["standard_error"] is None
        found.append(metrics["nmi"]["value"])
        expected.append(naive_nmi(directions.tolist(), labels.tolist()))
    assert found == pytest.approx(expected, abs=1e-12)
    assert min(expected) < 0.2
    assert max(expected) > 0.8


def test_a_collapsed_embedding_has_one_cluster():
    assert evaluate_embeddings(np.ones((20, 3)), np.repeat([0, 1], 10)).metrics["nmi"]["value"] == 0
