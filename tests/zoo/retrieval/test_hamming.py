"""`evaluate_codes` against every order inside ties, and its promises on larger input."""

import json

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from classwise.zoo.retrieval import distance_histograms, evaluate_codes

ORDERS = ("expected", "worst", "best")
# So many bins that items are always stacked two by two, whatever their number.
STACKED = 1 << 40


def check_against_oracle(case, query_oracle, ball_oracle):
    """Compares every per-query value, mean and count with the oracle, to 1e-12."""
    query_codes, query_labels, database_codes, database_labels, length, k, radius, divisor = case
    oracle = [
        query_oracle(code, label, database_codes, database_labels, k, divisor)
        for code, label in zip(query_codes, query_labels, strict=True)
    ]
    arguments = {"code_length": length, "top_k": (k,), "radius": (radius,), "divisor": divisor}
    if not any(oracle):
        with pytest.raises(ValueError, match="has a relevant item"):
            evaluate_codes(*case[:4], **arguments)
        return
    result = evaluate_codes(*case[:4], **arguments)
    assert result.excluded_queries == sum(metrics is None for metrics in oracle)
    kept = [metrics for metrics in oracle if metrics is not None]
    missed = np.sum([metrics.pop("zero_hits") for metrics in kept], axis=0)
    # A query without hits is the bad case, so the worst order is where most have none.
    expected = dict(zip(("expected", "best", "worst"), missed, strict=True))
    assert result.zero_hit_queries[str(k)] == pytest.approx(expected, abs=1e-12)
    for name in kept[0]:
        if name.startswith("ndcg") and np.ndim(query_labels) == 1:
            assert name not in result.metrics
            continue
        values = [m[name] if m else (np.nan,) * 3 for m in oracle]
        np.testing.assert_allclose(result.per_query[name].T, values, rtol=0, atol=1e-12)
        means = np.mean([metrics[name] for metrics in kept], axis=0)
        reported = [getattr(result.metrics[name], order) for order in ORDERS]
        np.testing.assert_allclose(reported, means, rtol=0, atol=1e-12)
    for i, metrics in enumerate(oracle):
        if metrics is not None:
            ball = ball_oracle(
                query_codes[i], query_labels[i], database_codes, database_labels, radius
            )
            for name, value in zip(("precision", "recall"), ball, strict=True):
                column = result.per_query[f"{name}_within_radius_{radius}"][:, i]
                np.testing.assert_allclose(column, value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("multi_label", [False, True], ids=["single-label", "multi-label"])
@pytest.mark.parametrize("divisor", ["min", "hits"])
def test_equals_mean_over_every_order(
    multi_label, divisor, heavy_ties, query_oracle, ball_oracle, monkeypatch
):
    for seed in range(125):  # 4 x 125 = 500 cases
        monkeypatch.setattr(distance_histograms, "BINS_AN_ITEM", STACKED if seed % 2 else 0)
        random = np.random.default_rng([seed, multi_label, divisor == "hits"])
        length, items, queries = random.integers([1, 1, 1], [17, 8, 4])
        shape = (lambda n: (n, 4)) if multi_label else (lambda n: n)
        case = (
            heavy_ties(random, queries, length),
            random.integers(0, 2, shape(queries)),
            heavy_ties(np.random.default_rng(seed), items, length),
            random.integers(0, 2, shape(items)),
            int(length),
            int(random.integers(1, items + 1)),
            int(random.integers(0, length + 1)),
            divisor,
        )
        check_against_oracle(case, query_oracle, ball_oracle)


@st.composite
def cases(draw):
    length = draw(st.integers(1, 16))
    items, queries = draw(st.integers(1, 6)), draw(st.integers(1, 2))
    code = st.integers(0, 2**length - 1).map(
        lambda value: np.frombuffer((value << (-length % 8)).to_bytes(-(-length // 8)), np.uint8)
    )
    pool = draw(st.lists(code, min_size=1, max_size=3))
    label = st.integers(0, 1)
    if draw(st.booleans()):
        label = st.lists(label, min_size=3, max_size=3)

    def draw_many(strategy, count):
        return np.array(draw(st.lists(strategy, min_size=count, max_size=count)))

    return (
        draw_many(code, queries),
        draw_many(label, queries),
        draw_many(st.sampled_from(pool), items),
        draw_many(label, items),
        length,
        draw(st.integers(1, items)),
        draw(st.integers(0, length)),
        draw(st.sampled_from(["min", "hits"])),
    )


@given(case=cases(), stacked=st.booleans())
@settings(max_examples=100)
def test_no_counterexample(case, stacked, query_oracle, ball_oracle):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distance_histograms, "BINS_AN_ITEM", STACKED if stacked else 0)
        check_against_oracle(case, query_oracle, ball_oracle)


@pytest.mark.parametrize("multi_label", [False, True], ids=["single-label", "multi-label"])
def test_database_order_changes_no_digit(multi_label, heavy_ties):
    random = np.random.default_rng(3)
    shape = (lambda n: (n, 5)) if multi_label else (lambda n: n)
    queries, database = (heavy_ties(random, n, 70, flip=0.2) for n in (60, 3000))
    query_labels, labels = (random.integers(0, 2, shape(n)) for n in (60, 3000))
    results = []
    for order in (np.arange(3000), random.permutation(3000), np.arange(3000)[::-1]):
        for divisor in ("min", "hits"):
            result = evaluate_codes(
                queries, query_labels, database[order], labels[order],
                code_length=70, top_k=(7, 500), divisor=divisor,
            )  # fmt: skip
            arrays = [*result.per_query.values(), *result.per_class.values()]
            arrays += [result.curve.precision, result.curve.recall]
            results.append((json.dumps(result.to_dict()), [a.tobytes() for a in arrays]))
    assert results[0] == results[2] == results[4]
    assert results[1] == results[3] == results[5]


def test_equals_the_usual_ranking_where_there_are_no_ties():
    random = np.random.default_rng(5)
    length, items = 512, 40
    bits = np.arange(length) < np.arange(0, length, length // items)[:items, None]
    database, labels = np.packbits(bits, axis=1), random.integers(0, 3, items)
    query = np.packbits(np.zeros((1, length), np.uint8), axis=1)
    result = evaluate_codes(query, [1], database, labels, top_k=(10,))
    relevant = labels == 1  # item i is at distance i times 12, so this is the ranking
    precision = np.cumsum(relevant) / np.arange(1, items + 1)
    usual = precision[relevant].mean()
    value = result.metrics["map"]
    assert [value.expected, value.worst, value.best] == pytest.approx([usual] * 3, abs=1e-12)


@pytest.mark.parametrize("multi_label", [False, True], ids=["single-label", "multi-label"])
def test_tiles_stacks_and_precision_do_not_matter(multi_label, heavy_ties, monkeypatch):
    random = np.random.default_rng(7)
    shape = (lambda n: (n, 40)) if multi_label else (lambda n: n)
    queries, database = heavy_ties(random, 150, 40), heavy_ties(random, 900, 40, flip=0.3)
    query_labels, labels = random.integers(0, 2, shape(150)), random.integers(0, 2, shape(900))

    def evaluate():
        result = evaluate_codes(queries, query_labels, database, labels)
        return json.dumps(result.to_dict())

    whole = evaluate()
    monkeypatch.setattr(distance_histograms, "BLOCK_BINS", 1)  # 64 queries a block
    monkeypatch.setattr(distance_histograms, "TILE_ROWS", 7)
    monkeypatch.setattr(distance_histograms, "TILE_STACKS", 37)
    assert evaluate() == whole
    monkeypatch.setattr(distance_histograms, "BINS_AN_ITEM", STACKED)
    assert evaluate() == whole
    monkeypatch.setattr(distance_histograms, "FLOAT32_BINS", 0)
    assert evaluate() == whole
    monkeypatch.setattr(distance_histograms, "MOST_THREADS", 1)
    assert evaluate() == whole


def test_repeating_the_database_keeps_precision_and_radius(heavy_ties):
    random = np.random.default_rng(11)
    queries, database = heavy_ties(random, 30, 24), heavy_ties(random, 200, 24, flip=0.2)
    query_labels, labels = random.integers(0, 3, 30), random.integers(0, 3, 200)
    once = evaluate_codes(queries, query_labels, database, labels, top_k=(10,))
    often = evaluate_codes(
        queries, query_labels, np.tile(database, (50, 1)), np.tile(labels, 50), top_k=(500,)
    )
    np.testing.assert_allclose(often.curve.precision, once.curve.precision, atol=1e-14)
    assert often.metrics["precision@500"].expected == pytest.approx(
        once.metrics["precision@10"].expected, abs=1e-13
    )


def test_per_class_curve_and_standard_error(heavy_ties):
    random = np.random.default_rng(13)
    queries, database = heavy_ties(random, 40, 12), heavy_ties(random, 100, 12)
    query_labels, labels = random.integers(0, 4, 40) * 10, random.integers(0, 3, 100) * 10
    result = evaluate_codes(queries, query_labels, database, labels, code_length=12, radius=(0, 3))
    assert result.classes.tolist() == [0, 10, 20, 30]
    assert result.excluded_queries == np.count_nonzero(query_labels == 30)
    for name, per_query in result.per_query.items():
        for column, label in enumerate(result.classes):
            mean = per_query[:, query_labels == label].mean(axis=1)
            np.testing.assert_allclose(result.per_class[name][:, column], mean, atol=1e-14)
    values = result.per_query["map"][0][query_labels != 30]
    error = np.sqrt(np.sum((values - values.mean()) ** 2) / (len(values) - 1) / len(values))
    assert result.metrics["map"].standard_error == pytest.approx(error, rel=1e-12)
    for r in (0, 3):
        for name in ("precision", "recall"):
            value = result.metrics[f"{name}_within_radius_{r}"]
            assert getattr(result.curve, name)[r] == pytest.approx(value.expected, abs=1e-14)
    assert result.curve.recall[-1] == pytest.approx(1)


def test_multi_label_classes_are_the_columns_that_queries_carry():
    codes = np.uint8([[0], [1], [3]])
    labels = np.array([[1, 0, 1], [1, 0, 0], [0, 0, 1]])
    result = evaluate_codes(codes, labels, codes, labels, top_k=(1,))
    assert result.classes.tolist() == [0, 2]
    first = result.per_query["map"][0]
    np.testing.assert_allclose(
        result.per_class["map"][0], [first[[0, 1]].mean(), first[[0, 2]].mean()]
    )


def test_an_excluded_query_leaves_its_class_to_the_others():
    codes, labels = np.uint8([[0], [1]]), np.array([[1, 0], [0, 0]])
    result = evaluate_codes(codes, np.array([[1, 1], [0, 1]]), codes, labels, top_k=(1,))
    assert result.excluded_queries == 1  # the second: no item carries its only class
    assert result.per_class["map"].tolist() == [[1, 1]] * 3


def test_to_dict_is_the_documented_json():
    codes = np.uint8([[0], [1], [3]])
    result = evaluate_codes(codes[:1], [0], codes, [0, 1, 1], code_length=8, top_k=(1, 2))
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert list(document) == [
        *("queries", "excluded_queries", "leave_one_out", "zero_hit_queries", "metrics")
    ]
    assert set(document["metrics"]["map"]) == {*ORDERS, "standard_error"}
    assert document["metrics"]["map"]["standard_error"] is None  # a single query has none
    assert {"map@1", "precision@2", "recall@2", "precision_within_radius_2"} < set(
        document["metrics"]
    )
    assert document["zero_hit_queries"]["1"] == {"expected": 0, "worst": 0, "best": 0}


def test_default_cut_offs_fit_the_database_and_progress_ends():
    codes, calls = np.zeros((120, 1), np.uint8), []
    result = evaluate_codes(
        codes, np.zeros(120, int), codes, np.zeros(120, int), progress=lambda *c: calls.append(c)
    )
    assert "map@100" in result.metrics
    assert "map@1000" not in result.metrics
    assert calls[-1] == (1, 1)  # 120 equal queries are one
