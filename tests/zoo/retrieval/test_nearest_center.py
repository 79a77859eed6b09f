"""Nearest-center classification against a naive loop."""

import json

import numpy as np
import pytest

from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval import classify_codes, classify_embeddings, nearest_center


def naive(distances, labels):
    """Accuracy and confusion, an item between t equally near centers counting 1 / t for each."""
    classes = len(distances[0])
    confusion = [[0.0] * classes for _ in range(classes)]
    for row, label in zip(distances, labels, strict=True):
        nearest = [c for c, distance in enumerate(row) if distance == min(row)]
        for c in nearest:
            confusion[label][c] += 1 / len(nearest)
    return sum(confusion[c][c] for c in range(classes)) / len(labels), np.array(confusion)


def check(result, distances, labels):
    accuracy, confusion = naive(distances, labels)
    assert result.accuracy == pytest.approx(accuracy)
    np.testing.assert_allclose(result.confusion, confusion)
    for c in range(len(confusion)):
        if np.any(labels == c):
            assert result.per_class[c] == pytest.approx(confusion[c, c] / np.sum(labels == c))
        else:
            assert np.isnan(result.per_class[c])
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["accuracy"] == result.accuracy


@pytest.fixture(params=range(5))
def case(request, monkeypatch):
    monkeypatch.setattr(nearest_center, "_CHUNK_ROWS", 7)
    random = np.random.default_rng(request.param)
    centers = random.normal(size=(5, 6)) * [[1], [2], [1], [3], [1]]
    labels = random.integers(0, 4, 50)  # class 4 has no item
    return centers[labels] + random.normal(size=(50, 6)) * 1.5, labels, centers


def test_euclidean(case):
    embeddings, labels, centers = case
    distances = [[np.sum((h - c) ** 2) for c in centers] for h in embeddings]
    check(classify_embeddings(embeddings, labels, centers), distances, labels)


def test_cosine(case):
    embeddings, labels, centers = case
    distances = [[-np.dot(h, c) / np.linalg.norm(c) for c in centers] for h in embeddings]
    result = classify_embeddings(embeddings, labels, centers, metric="cosine")
    check(result, distances, labels)
    assert result.accuracy != classify_embeddings(embeddings, labels, centers).accuracy


def test_hamming_shares_ties(case):
    embeddings, labels, centers = case
    bits, center_bits = embeddings > 0, centers > 0
    distances = [[int(np.sum(b != c)) for c in center_bits] for b in bits]
    assert any(row.count(min(row)) > 1 for row in distances)
    codes, center_codes = pack_codes(embeddings), pack_codes(centers)
    check(classify_codes(codes, labels, center_codes, code_length=6), distances, labels)


def test_standard_error():
    result = classify_codes(
        np.uint8([[0], [0], [255], [255]]), [0, 0, 0, 1], np.uint8([[0], [255]])
    )
    assert result.accuracy == 0.75
    assert result.standard_error == pytest.approx(0.25)
    assert classify_codes(np.uint8([[0]]), [0], np.uint8([[0]])).standard_error is None
