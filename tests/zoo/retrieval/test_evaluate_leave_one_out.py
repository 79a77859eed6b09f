"""Leave-one-out metrics of codes and vectors; the oracle goes through every order inside ties."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.leave_one_out import (
    RankedCodes,
    RankedVectors,
    evaluate_leave_one_out,
)

GROUP = 3


def of_one_order(hits, k):
    """Every metric of one ranking, a list of booleans, from its definition."""
    ranks = [rank for rank, hit in enumerate(hits, start=1) if hit]
    count = len(ranks)
    precisions = [sum(hits[:rank]) / rank for rank in ranks]
    return {
        "map": sum(precisions) / count,
        "map@r": sum(p for p, rank in zip(precisions, ranks, strict=True) if rank <= count) / count,
        f"recall@{k}": float(any(hits[:k])),
        f"nearest_right@{GROUP}": 1 + sum(hits[: GROUP - 1]),
    }


def oracle(distances, labels, k):
    """Expected, worst and best value of every query with a relevant item, by name."""
    found = []
    for query, label in enumerate(labels):
        others = [i for i in range(len(labels)) if i != query]
        if label not in labels[others]:
            continue
        groups = [
            [labels[i] == label for i in others if distances[query, i] == distance]
            for distance in sorted(set(distances[query, others]))
        ]
        orders = itertools.product(*(itertools.permutations(group) for group in groups))
        values = [of_one_order([hit for part in parts for hit in part], k) for parts in orders]
        found.append(
            {
                name: (np.mean(each), min(each), max(each))
                for name in values[0]
                for each in [[value[name] for value in values]]
            }
        )
    return found


@st.composite
def tied_items(draw):
    """Few codes of 8 bits among many items, and their classes."""
    count = draw(st.integers(GROUP, 7))
    pool = draw(st.lists(st.integers(0, 255), min_size=1, max_size=3))
    codes = draw(st.lists(st.sampled_from(pool), min_size=count, max_size=count))
    labels = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    return np.array(codes, np.uint8)[:, None], np.array(labels), draw(st.integers(1, count - 1))


@pytest.mark.parametrize("kind", ["codes", "vectors"])
@given(case=tied_items())
@settings(max_examples=60, deadline=None)
def test_metrics_are_those_of_all_orders(kind, case):
    codes, labels, k = case
    signs = 2.0 * np.unpackbits(codes, axis=1) - 1
    # Exact in float32, and ties by cosine are those by Hamming distance.
    items = RankedCodes(codes, 8) if kind == "codes" else RankedVectors(4 * signs[:, :4])
    if kind == "vectors":
        signs = signs[:, :4]
    expected = oracle(-(signs @ signs.T), labels, k)
    arguments = {"recall_at": (k,), "group": GROUP, "nmi": False}
    if not expected:
        with pytest.raises(InputError, match="has another one of its class"):
            evaluate_leave_one_out(items, labels, **arguments)
        return
    result = evaluate_leave_one_out(items, labels, **arguments)
    assert (result.queries, result.excluded_queries) == (len(codes), len(codes) - len(expected))
    assert result.metrics.keys() == expected[0].keys()
    for name, value in result.metrics.items():
        means = np.mean([query[name] for query in expected], axis=0)
        found = (value.expected, value.worst, value.best)
        np.testing.assert_allclose(found, means, rtol=0, atol=1e-12, err_msg=name)


def test_nothing_given_takes_the_cut_offs_of_the_field_and_clusters():
    random = np.random.default_rng(0)
    vectors, labels = random.normal(size=(12, 5)), np.arange(12) % 3
    result = evaluate_leave_one_out(RankedVectors(vectors), labels)
    cut_offs = [f"recall@{k}" for k in (1, 2, 4, 8)]
    assert list(result.metrics) == ["map", "map@r", *cut_offs, "nmi"]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    clusters = KMeans(3, n_init=4, random_state=0).fit_predict(unit.astype(np.float32))
    expected = normalized_mutual_info_score(labels, clusters)
    assert result.metrics["nmi"].expected == pytest.approx(expected)
    assert result.metrics["nmi"].standard_error is None
    few = evaluate_leave_one_out(RankedVectors(vectors[:3]), np.zeros(3, int), nmi=False)
    assert [name for name in few.metrics if "recall" in name] == ["recall@1", "recall@2"]


def test_a_copy_of_the_query_is_an_answer():
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    result = evaluate_leave_one_out(RankedVectors(vectors), np.array([0, 0, 1, 1]), nmi=False)
    assert result.metrics["map"].expected == 1
    other = evaluate_leave_one_out(RankedVectors(vectors), np.array([0, 1, 0, 1]), nmi=False)
    assert other.metrics["recall@1"].expected == 0


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="labels"):
        evaluate_leave_one_out(RankedCodes(np.zeros((3, 1), np.uint8), 8), np.array([0, 0]))
    with pytest.raises(InputError, match="recall_at holds 3"):
        evaluate_leave_one_out(
            RankedCodes(np.zeros((3, 1), np.uint8), 8), np.zeros(3, int), recall_at=(3,)
        )
