"""Every wrong input gets one sentence that says what was seen and what to do."""

import numpy as np
import pytest

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval import (
    classify_codes,
    classify_embeddings,
    code_statistics,
    evaluate_codes,
    evaluate_embeddings,
)

CODES = np.uint8([[0b0000], [0b0001], [0b0011], [0b0111]]) << 4
LABELS = np.array([0, 0, 1, 1])
MULTI_HOT = np.eye(2, dtype=int)[LABELS]
VECTORS = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])


def replaced(array, row, value):
    array = array.copy()
    array[row] = value
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"database_codes": np.zeros((4, 2), np.uint8)}, "database_codes has 2 bytes a row"),
        ({"code_length": 9}, "query_codes has 1 bytes a row, but codes of 9 bits take 2"),
        ({"code_length": 0}, "code_length is 0"),
        ({"code_length": 5000}, "code_length is 5000"),
        ({"query_codes": CODES.astype(np.int64)}, "query_codes is int64 of shape"),
        ({"query_codes": CODES[0]}, "query_codes is uint8 of shape"),
        ({"database_codes": replaced(CODES, 2, 1)}, "database_codes row 2 has a bit set beyond"),
        ({"query_codes": CODES[:0], "query_labels": LABELS[:0]}, "query_codes has shape (0, 1)"),
        ({"database_codes": CODES[:0]}, "database_codes has shape (0, 1)"),
        ({"query_labels": LABELS[:3]}, "query_labels has shape (3,) for 4 items"),
        ({"database_labels": LABELS[:3]}, "database_labels has shape (3,) for 4 items"),
        ({"query_labels": LABELS.astype(float)}, "query_labels is float64"),
        ({"query_labels": replaced(LABELS, 1, -1)}, "query_labels row 1 is -1"),
        ({"query_labels": MULTI_HOT}, "both must be class ids"),
        (
            {"query_labels": MULTI_HOT, "database_labels": np.eye(3, dtype=int)[LABELS]},
            "same number of classes",
        ),
        ({"query_labels": MULTI_HOT * 2, "database_labels": MULTI_HOT}, "row 0 holds 2 for class"),
        ({"query_labels": LABELS.astype(np.uint64) + 2**63}, "row 0 is 9223372036854775808"),
        ({"query_labels": LABELS + 5}, "None of the 4 queries has a relevant item"),
        ({"top_k": (0,)}, "top_k holds 0; a query is ranked against 4 items, so use integers"),
        ({"top_k": (2, 5)}, "top_k holds 5"),
        ({"top_k": (1.5,)}, "top_k holds 1.5"),
        ({"top_k": (True,)}, "top_k holds True"),
        ({"radius": (-1,)}, "radius holds -1"),
        ({"radius": (True,)}, "radius holds True"),
        ({"divisor": "max"}, "divisor is 'max'; it must be 'min' or 'hits'"),
    ],
)
def test_evaluate_codes(change, message):
    arguments = {
        "query_codes": CODES,
        "query_labels": LABELS,
        "database_codes": CODES,
        "database_labels": LABELS,
        "code_length": 4,
    }
    evaluate_codes(**arguments)
    with pytest.raises(InputError) as error:
        evaluate_codes(**arguments | change)
    check_sentence(error, message)


def test_multi_hot_labels_may_be_floats():
    expected = evaluate_codes(CODES, MULTI_HOT, CODES, MULTI_HOT, code_length=4).metrics
    floats = evaluate_codes(CODES, MULTI_HOT * 1.0, CODES, MULTI_HOT, code_length=4).metrics
    assert floats == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"query_embeddings": replaced(VECTORS, 2, np.nan)}, "query_embeddings row 2 holds NaN"),
        ({"database_embeddings": replaced(VECTORS, 1, np.inf)}, "database_embeddings row 1 holds"),
        ({"query_embeddings": replaced(VECTORS, 3, 0)}, "query_embeddings row 3 is a zero vector"),
        ({"query_embeddings": VECTORS.astype(int)}, "query_embeddings is int64"),
        ({"query_embeddings": VECTORS[0]}, "query_embeddings is float64 of shape (2,)"),
        ({"database_embeddings": VECTORS[:0]}, "database_embeddings has shape (0, 2)"),
        ({"database_embeddings": VECTORS[:, :1] + 1}, "database_embeddings has 1"),
        ({"database_labels": None}, "Only one of database_embeddings and database_labels"),
        ({"query_labels": MULTI_HOT}, "not for multi-hot labels"),
        ({"database_labels": LABELS[:2]}, "database_labels has shape (2,)"),
        ({"recall_at": (0,)}, "recall_at holds 0"),
        ({"recall_at": (5,)}, "recall_at holds 5"),
        ({"query_labels": LABELS + 7}, "None of the 4 queries has another item of its class"),
    ],
)
def test_evaluate_embeddings(change, message):
    arguments = {
        "query_embeddings": VECTORS,
        "query_labels": LABELS,
        "database_embeddings": VECTORS + 1,
        "database_labels": LABELS,
        "nmi": False,
    }
    evaluate_embeddings(**arguments)
    with pytest.raises(InputError) as error:
        evaluate_embeddings(**arguments | change)
    check_sentence(error, message)


def test_a_single_embedding_has_no_neighbor():
    with pytest.raises(InputError, match="None of the 1 queries"):
        evaluate_embeddings(VECTORS[:1], LABELS[:1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "manhattan"}, "metric is 'manhattan'; it must be 'euclidean' or 'cosine'"),
        ({"centers": VECTORS[:1]}, "labels holds class 1, but there are 1 centers"),
        ({"centers": np.eye(3)}, "centers has 3"),
        ({"centers": np.zeros((2, 2)), "metric": "cosine"}, "centers row 0 is a zero vector"),
        ({"embeddings": replaced(VECTORS, 0, np.nan)}, "embeddings row 0 holds NaN"),
        ({"labels": MULTI_HOT}, "not for multi-hot labels"),
    ],
)
def test_classify_embeddings(change, message):
    arguments = {"embeddings": VECTORS, "labels": LABELS, "centers": VECTORS[:2]}
    classify_embeddings(**arguments)
    with pytest.raises(InputError) as error:
        classify_embeddings(**arguments | change)
    check_sentence(error, message)


def test_classify_codes():
    with pytest.raises(InputError, match="center_codes has 2 bytes a row"):
        classify_codes(CODES, LABELS, np.zeros((2, 2), np.uint8))


def test_code_statistics():
    with pytest.raises(InputError, match="center_codes holds one center"):
        code_statistics(CODES, center_codes=CODES[:1])
    with pytest.raises(InputError, match="query_codes has 2 bytes a row"):
        code_statistics(CODES, query_codes=np.zeros((2, 2), np.uint8))


def check_sentence(error, message):
    text = str(error.value)
    assert message in text
    assert text.endswith(".")
    assert "\n" not in text


def test_labels_in_one_column_are_ids_and_not_multi_hot():
    random = np.random.default_rng(0)
    codes = [random.integers(0, 256, (n, 2), dtype=np.uint8) for n in (20, 60)]
    vectors = [random.normal(size=(n, 4)).astype(np.float32) for n in (20, 60)]
    labels = [random.integers(0, 2, n) for n in (20, 60)]
    columns = [one[:, None].astype(np.uint8) for one in labels]
    for evaluate, items in ((evaluate_codes, codes), (evaluate_embeddings, vectors)):
        expected = evaluate(items[0], labels[0], items[1], labels[1]).to_dict()
        for first, second in ((columns[0], columns[1]), (columns[0], labels[1])):
            assert evaluate(items[0], first, items[1], second).to_dict() == expected
    centers = random.normal(size=(2, 4)).astype(np.float32)
    one, other = (
        classify_embeddings(vectors[0], given, centers) for given in (labels[0], columns[0])
    )
    assert one.accuracy == other.accuracy
