"""Answers of an index, against loops over all of its images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.search import index as index_module
from classwise.zoo.search.index import Index
from classwise.zoo.search.index_folder import IndexColumns, IndexFacts, packed_names
from classwise.zoo.search.int8_embeddings import quantize

NONE = np.empty(0, np.int64)


def an_index(seed, count, code_length=12, distinct=5, vector_length=6, classes=0):
    """An index of made-up codes and vectors; no image is behind it."""
    random = np.random.default_rng(seed)
    kinds = np.packbits(random.integers(0, 2, (distinct, code_length)), axis=1)
    codes = kinds[random.integers(0, distinct, count)]
    vectors = quantize(random.normal(size=(count, vector_length)))
    text, ends = packed_names([f"{number}.jpg" for number in range(count)])
    labels = random.integers(0, classes, count) if classes else NONE
    columns = IndexColumns(
        text, ends, codes, vectors, np.zeros((count, 2), int), labels, NONE.astype(np.uint8), NONE
    )
    names = tuple(f"class {number}" for number in range(classes))
    facts = IndexFacts("", "", code_length, count, "/", "embedding", vector_length, names)
    return Index("made-up.index", facts, columns)


def bits_apart(codes, query):
    return (np.unpackbits(codes, axis=1) != np.unpackbits(query)).sum(axis=1)


@given(
    seed=st.integers(0, 99),
    count=st.integers(1, 50),
    distinct=st.integers(1, 50),
    k=st.integers(1, 60),
    within=st.none() | st.integers(0, 12),
    candidates=st.integers(1, 20),
    itself=st.booleans(),
)
@settings(deadline=None)
def test_the_nearest_codes_ranked_again(
    monkeypatch_candidates, seed, count, distinct, k, within, candidates, itself
):
    monkeypatch_candidates(candidates)
    index = an_index(seed, count, distinct=distinct)
    codes, vectors = index.columns.codes, index.columns.vectors.astype(float)
    apart = bits_apart(codes, codes[0])
    first = {}
    for item, code in enumerate(codes):
        first.setdefault(code.tobytes(), item)
    groups = [first[code.tobytes()] for code in codes]
    order = sorted(range(count), key=lambda item: (apart[item], groups[item], item))
    last = order[min(max(k + 1, candidates), count) - 1]
    pool = [i for i in order if (apart[i], groups[i]) <= (apart[last], groups[last])]
    pool = [i for i in pool if within is None or apart[i] <= within]
    cosine = vectors @ vectors[0] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[0])
    pool = [i for i in pool if not (itself and i == 0)]
    expected = sorted(pool, key=lambda item: -cosine[item])[:k]
    (found,) = index.search_codes(
        codes[:1], vectors[:1], k=k, within=within, themselves=[0] if itself else None
    )
    np.testing.assert_allclose([hit.similarity for hit in found], cosine[expected], atol=1e-5)
    assert [hit.distance for hit in found] == [apart[hit.item] for hit in found]
    assert len({hit.item for hit in found}) == len(expected)


@pytest.fixture(scope="module")
def monkeypatch_candidates():
    """A function that says how many images are ranked again."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda count: patch.setattr(index_module, "CANDIDATES", count)


def test_by_code_alone_the_order_is_that_of_distances():
    index = an_index(0, 50, distinct=20)
    hits = index.search_codes(index.columns.codes[:1], index.columns.vectors[:1], rerank=False)[0]
    apart = bits_apart(index.columns.codes, index.columns.codes[0])
    assert [hit.distance for hit in hits] == np.sort(apart)[:20].tolist()
    assert all(hit.similarity is None for hit in hits)


def test_what_a_hit_says():
    index = an_index(3, 8, classes=3)
    hits = index.search_items([2], k=7)[0]
    assert sorted(hit.item for hit in hits) == [0, 1, 3, 4, 5, 6, 7]
    for hit in hits:
        assert hit.name == f"{hit.item}.jpg"
        assert hit.class_name == f"class {index.columns.labels[hit.item]}"


def test_an_image_that_asks_finds_itself_unless_it_is_of_the_index(photos, model, tmp_path):
    index = zoo.build_index(model, photos, tmp_path / "photos.index")
    (hits,) = index.search(photos / "2020" / "a.jpg", k=99)
    assert (hits[0].name, hits[0].distance) == ("2020/a.jpg", 0)
    assert hits[0].similarity == pytest.approx(1, abs=0.01)
    assert len(hits) == 6
    (hits,) = index.search_items([0], k=99)
    assert len(hits) == 5
    assert "2020/a.jpg" not in [hit.name for hit in hits]
    several = index.search([photos / "2020" / "a.jpg", (photos / "loose.jpg").read_bytes()])
    assert [hits[0].name for hits in several] == ["2020/a.jpg", "loose.jpg"]


def test_codes_without_vectors(photos, make_onnx_file, tmp_path):
    model = make_onnx_file("codes.onnx", outputs=("code",))
    index = zoo.build_index(model, photos, tmp_path / "photos.index")
    assert (index.facts.vectors, index.columns.vectors.shape) == ("", (6, 0))
    (hits,) = index.search(photos / "loose.jpg", k=2)
    assert (hits[0].distance, hits[0].similarity) == (0, None)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"k": 0}, "k is 0; it must be an integer from 1"),
        ({"k": 1.5}, "k is 1.5"),
        ({"within": 13}, "within is 13; codes of 12 bits are 0 to 12"),
        ({"within": -1}, "within is -1"),
    ],
)
def test_requests_that_make_no_sense(request_, sentence):
    with pytest.raises(InputError, match=sentence):
        an_index(0, 5).search_items([0], **request_)


def test_vectors_of_another_model():
    index = an_index(0, 5)
    with pytest.raises(InputError, match="those of this index have 6 components"):
        index.search_codes(index.columns.codes[:1], np.zeros((1, 7)))
    with pytest.raises(InputError, match="bytes a row"):
        index.search_codes(np.zeros((1, 3), np.uint8))
