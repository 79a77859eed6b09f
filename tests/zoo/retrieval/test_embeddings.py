"""`evaluate_embeddings` against a naive loop and its own chunks; for NMI see test_clustering.py."""

import json

import numpy as np
import pytest

from classwise.zoo.retrieval import embeddings as module
from classwise.zoo.retrieval import evaluate_embeddings


def naive(queries, query_labels, database, labels, leave_one_out):
    """Metrics of every query by sorting, an irrelevant item first in a tie; None if excluded."""
    found = []
    for i, query in enumerate(queries):
        ranking = []
        for j, item in enumerate(database):
            if not (leave_one_out and i == j):
                similarity = np.dot(query, item) / np.linalg.norm(query) / np.linalg.norm(item)
                ranking.append((-round(similarity, 12), labels[j] == query_labels[i]))
        hits = [bool(relevant) for _, relevant in sorted(ranking)]
        total = sum(hits)
        if total == 0:
            found.append(None)
            continue
        metrics = {f"recall@{k}": float(any(hits[:k])) for k in (1, 2, 4) if k <= len(hits)}
        metrics["r_precision"] = sum(hits[:total]) / total
        precisions = [sum(hits[: r + 1]) / (r + 1) for r in range(total) if hits[r]]
        metrics["map@r"] = sum(precisions) / total
        found.append(metrics)
    return found


@pytest.mark.parametrize("leave_one_out", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_equals_a_naive_loop(ties, leave_one_out):
    for seed in range(50):  # 4 x 50 = 200 cases
        random = np.random.default_rng([seed, ties, leave_one_out])
        queries, items, classes = random.integers([2, 5, 1], [20, 30, 5])

        def vectors(count, random=random):
            # Signs in four dimensions have few, and in float32 exact, similarities.
            return (
                random.choice([-1.0, 1.0], (count, 4)) if ties else random.normal(size=(count, 6))
            )

        query, query_labels = vectors(queries), random.integers(0, classes, queries)
        database, labels = vectors(items), random.integers(0, classes, items)
        if leave_one_out:
            query, query_labels = database, labels
        expected = naive(query, query_labels, database, labels, leave_one_out)
        if not any(expected):
            continue
        arguments = () if leave_one_out else (database, labels)
        result = evaluate_embeddings(
            query, query_labels, *arguments, recall_at=(1, 2, 4), nmi=False
        )
        assert result.leave_one_out is leave_one_out
        assert result.excluded_queries == expected.count(None)
        kept = [metrics for metrics in expected if metrics]
        for name in kept[0]:
            values = [metrics[name] if metrics else np.nan for metrics in expected]
            np.testing.assert_allclose(result.per_query[name], values, atol=1e-12)
            mean = np.mean([metrics[name] for metrics in kept])
            assert result.metrics[name]["value"] == pytest.approx(mean, abs=1e-12)


@pytest.fixture
def clusters():
    random = np.random.default_rng(1)
    labels = random.integers(0, 5, 300)
    return random.normal(size=(5, 8))[labels] + random.normal(size=(300, 8)) * 0.6, labels


def test_equal_sets_are_leave_one_out(clusters):
    vectors, labels = clusters
    alone = evaluate_embeddings(vectors, labels, nmi=False)
    both = evaluate_embeddings(vectors, labels, vectors.copy(), labels.copy(), nmi=False)
    assert both.leave_one_out
    assert both.to_dict() == alone.to_dict()


def test_chunks_do_not_matter(clusters, monkeypatch):
    whole = evaluate_embeddings(*clusters, nmi=False).to_dict()
    monkeypatch.setattr(module, "CHUNK_PAIRS", 300 * 7)
    chunked = evaluate_embeddings(*clusters, nmi=False).to_dict()
    assert chunked["metrics"]["map@r"] == pytest.approx(whole["metrics"]["map@r"], abs=1e-6)


def test_a_collapsed_embedding_scores_its_worst():
    labels = np.repeat([0, 1], 10)
    result = evaluate_embeddings(np.ones((20, 3)), labels, nmi=False)
    assert result.metrics["recall@8"]["value"] == 0


def test_scale_does_not_matter(clusters):
    vectors, labels = clusters
    plain = evaluate_embeddings(vectors, labels, nmi=False)
    scales = np.array([1e-200, 1.0, 1e200])[np.arange(300) % 3, None]
    scaled = evaluate_embeddings(vectors * scales, labels, nmi=False)
    assert scaled.metrics["map@r"]["value"] == pytest.approx(plain.metrics["map@r"]["value"], 1e-6)


def test_per_class_progress_and_json(clusters):
    vectors, labels = clusters
    calls = []
    result = evaluate_embeddings(
        vectors, labels, nmi=False, progress=lambda *call: calls.append(call)
    )
    assert calls[-1] == (300, 300)
    for column, label in enumerate(result.classes):
        mean = result.per_query["map@r"][labels == label].mean()
        assert result.per_class["map@r"][column] == pytest.approx(mean)
    json.dumps(result.to_dict(), allow_nan=False)


def test_default_cut_offs_fit_the_database():
    result = evaluate_embeddings(np.eye(4) + 1, np.array([0, 0, 1, 1]), nmi=False)
    assert [name for name in result.metrics if "recall" in name] == ["recall@1", "recall@2"]
