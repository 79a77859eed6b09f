"""Registered metrics: one that is made up appears everywhere, and names lead back to entries."""

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.commands.evaluate_command import print_comparison
from classwise.zoo.evaluation.evaluate import EncodedSets, evaluate_sets
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.evaluation.report.report_tables import report_tables
from classwise.zoo.retrieval import evaluate_codes, evaluate_embeddings
from classwise.zoo.retrieval.metric import METRICS, metric
from classwise.zoo.retrieval.metrics import find_metric, metric_title
from tools.publish.write_tables import metrics_table

LABELS = np.arange(12) % 3


@pytest.fixture
def sets():
    embeddings = np.random.default_rng(0).normal(size=(12, 8))
    codes = np.packbits(embeddings > 0, axis=1)
    return EncodedSets(
        codes[:4],
        LABELS[:4],
        codes[4:],
        LABELS[4:],
        8,
        query_embeddings=embeddings[:4],
        database_embeddings=embeddings[4:],
    )


@pytest.fixture
def made_up():
    """A metric of each kind, as a newcomer's file would register it."""
    before = list(METRICS)

    @metric("misses@{k}", "Misses@{k}", "codes", higher_is_better=False, compared=True)
    def misses(ranking, k):
        """Computes the irrelevant items among the first K, `[3, Q]`."""
        return k - ranking.hits(k)

    @metric("first_rank", "First rank", "embeddings", higher_is_better=False)
    def first_rank(ranks):
        """Computes the rank of the first relevant item, `[Q]`."""
        return ranks[:, 0]

    @metric("spread", "Spread", "clusters")
    def spread(embeddings, labels, *, seed):
        """Computes how far the vectors lie from their mean."""
        return float(np.linalg.norm(embeddings - embeddings.mean(axis=0), axis=1).mean())

    yield
    METRICS[:] = before


@pytest.mark.usefixtures("made_up")
def test_a_made_up_metric_is_measured_and_shown(sets, capsys):
    evaluation = evaluate_sets(sets, top_k=(3,), embeddings=True)
    metrics = evaluation.retrieval.metrics
    assert metrics["misses@3"].expected == pytest.approx(3 - 3 * metrics["precision@3"].expected)
    ranked = evaluation.embedding.metrics
    assert ranked["first_rank"]["value"] >= 1
    assert 0 < ranked["spread"]["value"] <= 1

    report = EvaluationReport("model", evaluation.retrieval, embedding_result=evaluation.embedding)
    tables = {table.title: table for table in report_tables(report)}
    assert "Misses@3" in [row[0] for row in tables["Ranking by Hamming distance"].rows]
    assert "Misses@3" in tables["Class by class"].header
    assert "Recall@3" not in tables["Class by class"].header
    cosine = [row[0] for row in tables["Ranking by cosine similarity of the embeddings"].rows]
    assert {"First rank", "Spread"} <= set(cosine)

    document = {"model": "a", "protocol": None, **evaluation.to_dict()}
    print_comparison([document, {**document, "model": "b"}], [3], None)
    assert "misses@3" in capsys.readouterr().out
    assert (
        "| `misses@{k}` | Misses@{k} | codes, by Hamming distance | lower | the irrelevant items "
        "among the first K |" in metrics_table(None)
    )


@pytest.mark.parametrize(
    ("labels", "graded"), [(LABELS, False), (np.eye(3, dtype=int)[LABELS], True)]
)
def test_every_result_has_a_title_of_its_own(sets, labels, graded):
    result = evaluate_codes(
        sets.query_codes,
        labels[:4],
        sets.database_codes,
        labels[4:],
        code_length=8,
        top_k=(1, 3),
        radius=(0, 2),
    )
    titles = {metric_title(name) for name in result.metrics}
    values = {"k": 2, "radius": 2, "": 1}
    scored = [m for m in METRICS if m.kind == "codes" and (graded or not m.multi_hot_only)]
    assert len(titles) == len(result.metrics) == sum(values[m.parameter] for m in scored)
    assert ("ndcg@3" in result.metrics) == graded
    found = evaluate_embeddings(sets.query_embeddings, LABELS[:4], recall_at=(1, 2), nmi=True)
    assert {find_metric(name).parameter for name in found.metrics} == {"k", ""}


@pytest.mark.parametrize("name", ["map@", "map@x", "precision_within_radius", "mapp", "@1"])
def test_names_of_no_metric_are_refused(name):
    with pytest.raises(InputError, match="Unknown metric"):
        metric_title(name)


def test_names_and_titles_have_the_same_parameter():
    for known in METRICS:
        assert known.title.count("{") == known.name.count("{")
        assert known.parameter in ("", "k", "radius", "group")
        assert known.function.__doc__.startswith("Computes ")
    assert len({(known.kind, known.name) for known in METRICS}) == len(METRICS)
