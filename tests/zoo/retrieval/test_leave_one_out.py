"""Every query against all the others: the oracle ranks each against a database without it."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import code_statistics, evaluate_codes, evaluate_embeddings
from classwise.zoo.retrieval.pair_distances import pair_distances

DIVISORS = st.sampled_from(["min", "hits"])


@st.composite
def labeled_codes(draw):
    """Few codes among many items, so that most are tied, and labels of either kind."""
    length, items = draw(st.integers(1, 12)), draw(st.integers(2, 7))
    code = st.integers(0, 2**length - 1).map(
        lambda value: np.frombuffer((value << (-length % 8)).to_bytes(-(-length // 8)), np.uint8)
    )
    pool = draw(st.lists(code, min_size=1, max_size=3))
    label = st.integers(0, 1)
    if draw(st.booleans()):
        label = st.lists(label, min_size=3, max_size=3)
    codes = draw(st.lists(st.sampled_from(pool), min_size=items, max_size=items))
    labels = draw(st.lists(label, min_size=items, max_size=items))
    return np.array(codes), np.array(labels), length


@given(case=labeled_codes(), divisor=DIVISORS, draw=st.data())
@settings(max_examples=150)
def test_codes(case, divisor, draw, query_oracle, ball_oracle):
    codes, labels, length = case
    k, radius = draw.draw(st.integers(1, len(codes) - 1)), draw.draw(st.integers(0, length))
    others = [np.arange(len(codes)) != row for row in range(len(codes))]
    oracle = [
        query_oracle(code, label, codes[left], labels[left], k, divisor)
        for code, label, left in zip(codes, labels, others, strict=True)
    ]
    arguments = {"code_length": length, "top_k": (k,), "radius": (radius,), "divisor": divisor}
    if not any(oracle):
        with pytest.raises(InputError, match="has a relevant item"):
            evaluate_codes(codes, labels, **arguments)
        return
    result = evaluate_codes(codes, labels, **arguments)
    assert result.leave_one_out
    assert result.excluded_queries == oracle.count(None)
    missed = [m.pop("zero_hits")[0] if m else 0 for m in oracle]
    assert result.zero_hit_queries[str(k)]["expected"] == pytest.approx(sum(missed), abs=1e-12)
    for name in next(filter(None, oracle)):
        if name in result.per_query:
            values = [m[name] if m else (np.nan,) * 3 for m in oracle]
            np.testing.assert_allclose(result.per_query[name].T, values, rtol=0, atol=1e-12)
    for row, left in enumerate(others):
        if oracle[row]:
            ball = ball_oracle(codes[row], labels[row], codes[left], labels[left], radius)
            found = [
                result.per_query[f"{name}_within_radius_{radius}"][0, row]
                for name in ("precision", "recall")
            ]
            assert found == pytest.approx(ball, abs=1e-12)


@given(case=labeled_codes())
@settings(max_examples=50)
def test_pairs_and_near_queries(case):
    codes, labels, length = case
    bits = np.unpackbits(codes, axis=1, count=length)
    same, different = np.zeros((2, length + 1), int)
    near = []
    for row in range(len(codes)):
        distances = [int(np.sum(bits[row] != bits[other])) for other in range(len(codes))]
        for other, distance in enumerate(distances):
            if other != row:
                common = (
                    labels[row] * labels[other]
                    if labels.ndim == 2
                    else labels[row] == labels[other]
                )
                (same if np.any(common) else different)[distance] += 1
        near.append(min(d for other, d in enumerate(distances) if other != row) <= 2)
    found = pair_distances(codes, labels, codes, labels, code_length=length, leave_one_out=True)
    np.testing.assert_array_equal(found, (same, different))
    statistics = code_statistics(codes, query_codes=codes, leave_one_out=True, code_length=length)
    assert statistics.queries_within_radius_2 == np.mean(near)


def test_a_database_that_equals_the_queries(heavy_ties):
    random = np.random.default_rng(0)
    codes, labels = heavy_ties(random, 40, 9), random.integers(0, 3, 40)
    alone = evaluate_codes(codes, labels, code_length=9).to_dict()
    both = evaluate_codes(codes, labels, codes, labels, leave_one_out=True, code_length=9)
    assert both.to_dict() == alone
    plain = evaluate_codes(codes, labels, codes, labels, code_length=9)
    assert not plain.leave_one_out
    assert plain.metrics["precision_within_radius_2"] != both.metrics["precision_within_radius_2"]


def test_embeddings_take_the_keyword():
    random = np.random.default_rng(0)
    vectors, labels = random.normal(size=(30, 4)), random.integers(0, 3, 30)
    both = evaluate_embeddings(vectors, labels, vectors, labels, leave_one_out=False, nmi=False)
    assert not both.leave_one_out
    assert both.metrics["recall@1"]["value"] == 1  # itself
    alone = evaluate_embeddings(vectors, labels, leave_one_out=True, nmi=False)
    assert alone.leave_one_out
    assert alone.to_dict() == evaluate_embeddings(vectors, labels, nmi=False).to_dict()


@pytest.mark.parametrize("evaluate", [evaluate_codes, evaluate_embeddings])
def test_what_does_not_go_together(evaluate):
    items = np.eye(4) if evaluate is evaluate_embeddings else np.eye(4, dtype=np.uint8)
    labels = np.array([0, 0, 1, 1])
    with pytest.raises(InputError, match="Only one of database_"):
        evaluate(items, labels, items)
    with pytest.raises(InputError, match="no database was given"):
        evaluate(items, labels, leave_one_out=False)
    with pytest.raises(InputError, match="not those of the queries"):
        evaluate(items, labels, items[::-1], labels, leave_one_out=True)
