"""The second and the third list: alike by code, and in another class's place."""

import numpy as np
import pytest

from classwise.zoo import InputError
from classwise.zoo.search.similar_photos import similar_photos
from classwise.zoo.search.suspect_labels import suspect_labels
from tests.zoo.search.test_index import an_index, bits_apart


@pytest.mark.parametrize("copies", [[], [["3.jpg", "8.jpg"], ["0.jpg", "1.jpg", "2.jpg"]]])
def test_similar_pairs_are_each_others_nearest(copies):
    index = an_index(0, 40)
    vectors = index.columns.vectors.astype(float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -2)
    for names in copies:
        rows = [int(name.partition(".")[0]) for name in names]
        cosine[np.ix_(rows, rows)] = -2
    nearest = cosine.argmax(axis=1)
    expected = {(a, int(b)) for a, b in enumerate(nearest) if nearest[b] == a and a < b}
    pairs = similar_photos(index, copies)
    found = [tuple(int(n.partition(".")[0]) for n in (p.first, p.second)) for p in pairs]
    assert set(found) == expected
    values = [cosine[pair] for pair in found]
    assert values == sorted(values, reverse=True)
    np.testing.assert_allclose([p.similarity for p in pairs], values, atol=1e-5)
    assert [p.distance for p in pairs] == [
        bits_apart(index.columns.codes[[a]], index.columns.codes[b])[0] for a, b in found
    ]
    assert similar_photos(index, copies, count=2) == pairs[:2]


def test_suspects_lie_nearer_to_another_center():
    index = an_index(5, 60, code_length=16, distinct=60, classes=3)
    labels = index.columns.labels
    bits = np.unpackbits(index.columns.codes, axis=1)
    centers = np.stack([bits[labels == c].mean(axis=0) > 0.5 for c in range(3)])
    apart = (bits[:, None] != centers[None]).sum(axis=-1)
    suspects = suspect_labels(index)
    expected = {i for i in range(60) if apart[i].min() < apart[i, labels[i]]}
    assert {int(s.name.partition(".")[0]) for s in suspects} == expected
    margins = [s.own_distance - s.nearest_distance for s in suspects]
    assert margins == sorted(margins, reverse=True)
    for s in suspects:
        item = int(s.name.partition(".")[0])
        assert s.class_name == f"class {labels[item]}"
        assert s.own_distance == apart[item, labels[item]]
        assert s.nearest_distance == apart[item].min() == apart[item, int(s.nearest_class[6:])]
    assert len(suspect_labels(index, count=2)) == 2


def test_an_index_without_classes():
    with pytest.raises(InputError, match="--labels folders"):
        suspect_labels(an_index(0, 5))
