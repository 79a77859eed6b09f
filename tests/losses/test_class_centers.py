import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from classwise.losses import ClassCenters


def centers_of(layer):
    return layer.get_centers()


def test_vertices_are_well_separated():
    centers = centers_of(ClassCenters(10, 48))
    assert set(np.unique(centers)) == {-1.0, 1.0}
    distances = (48 - centers @ centers.T) / 2
    assert distances[~np.eye(10, dtype=bool)].min() >= 16


def drawn_one_by_one(num_classes, code_length, seed):
    """The draw in floats: of 64 vertices the one least similar to its most similar predecessor."""
    random = np.random.default_rng(seed)
    chosen = np.empty((num_classes, code_length), np.float32)
    for count in range(num_classes):
        candidates = random.choice(np.float32([-1, 1]), (64, code_length))
        similarity = candidates @ chosen[:count].T
        chosen[count] = candidates[similarity.max(axis=1, initial=-code_length).argmin()]
    return chosen


@pytest.mark.parametrize(
    ("num_classes", "code_length", "seed"), [(2, 1, 0), (10, 16, 3), (100, 48, 0), (40, 130, 1)]
)
def test_up_to_1024_vertices_are_drawn_one_by_one(num_classes, code_length, seed):
    centers = centers_of(ClassCenters(num_classes, code_length, seed=seed))
    np.testing.assert_array_equal(centers, drawn_one_by_one(num_classes, code_length, seed))


@pytest.mark.parametrize(("num_classes", "code_length"), [(1025, 64), (3000, 48), (1500, 100)])
def test_more_vertices_are_farther_apart_than_random_ones(num_classes, code_length):
    centers = centers_of(ClassCenters(num_classes, code_length))
    random = np.random.default_rng(0).choice(np.float32([-1, 1]), centers.shape)
    nearest = [
        (code_length - (v @ v.T - np.eye(len(v)) * 1e4).max()) / 2 for v in (centers, random)
    ]
    assert nearest[0] > nearest[1] + 3
    assert np.abs(centers.mean(axis=0)).max() < 0.1  # every bit splits the classes


def test_a_hundred_thousand_classes_have_different_vertices():
    centers = centers_of(ClassCenters(100_000, 64))
    assert centers.shape == (100_000, 64)
    assert len(np.unique(np.packbits(centers > 0, axis=1), axis=0)) == 100_000


def test_codes_too_short_for_the_classes_are_used_evenly():
    centers = centers_of(ClassCenters(1030, 10))
    _, counts = np.unique(centers, axis=0, return_counts=True)
    assert (len(counts), counts.max()) == (1024, 2)


def test_directions_are_orthogonal_where_there_is_room():
    centers = centers_of(ClassCenters(10, 48, normalize=True))
    np.testing.assert_allclose(centers @ centers.T, np.eye(10), atol=1e-6)
    crowded = centers_of(ClassCenters(40, 6, normalize=True))
    np.testing.assert_allclose(np.linalg.norm(crowded, axis=1), 1, atol=1e-6)
    assert len(np.unique(crowded.round(4), axis=0)) == 40


@pytest.mark.parametrize("code_length", [16, 24, 32, 48, 64])
def test_directions_start_away_from_sign_changes(code_length):
    centers = centers_of(ClassCenters(10, code_length, normalize=True))
    assert np.abs(centers).min() * code_length**0.5 > 0.09  # of 1, where all bits are equal
    assert np.abs(centers @ centers.T - np.eye(10)).max() < 1e-6


def test_seed_decides():
    same, other = ClassCenters(4, 8), ClassCenters(4, 8, seed=1)
    np.testing.assert_array_equal(centers_of(ClassCenters(4, 8)), centers_of(same))
    assert (centers_of(same) != centers_of(other)).any()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_update_equals_the_loop(seed, normalize, multi_hot):
    random = np.random.default_rng(seed)
    layer = ClassCenters(5, 3, normalize=normalize)
    before = centers_of(layer)
    embeddings = np.float32(random.normal(size=(12, 3)))
    membership = np.eye(5, dtype=int)[random.integers(4, size=12)]  # class 4 stays without images
    labels = membership.argmax(axis=1)
    if multi_hot:
        membership[:, :2] = random.integers(0, 2, size=(12, 2))
        labels = membership
    for part in (slice(0, 7), slice(7, 12)):
        layer.accumulate(labels[part], embeddings[part])
    layer.update()

    for c in range(5):
        members = [h for h, row in zip(embeddings, membership, strict=True) if row[c]]
        expected = before[c]
        if members:
            total = sum(members)
            expected = total / (np.linalg.norm(total) if normalize else len(members))
        np.testing.assert_allclose(centers_of(layer)[c], expected, atol=1e-5)


def test_a_zero_resultant_keeps_the_direction():
    layer = ClassCenters(2, 2, normalize=True)
    before = centers_of(layer)
    layer.accumulate(np.array([0, 0]), np.array([[1.0, 0.0], [-1.0, 0.0]]))
    layer.update()
    np.testing.assert_array_equal(centers_of(layer), before)


def test_soft_labels_count_for_their_largest_class():
    layer = ClassCenters(3, 2)
    labels = np.float32([[0.9, 0.05, 0.05], [0.2, 0.8, 0.0], [0.5, 0.5, 0.0], [0, 0, 0]])
    layer.accumulate(labels, np.float32([[1, 2], [3, 4], [5, 6], [7, 8]]))
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.counts), [2, 2, 0])
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.sums), [[6, 8], [8, 10], [0, 0]])


def test_ids_that_are_no_class_count_for_none():
    layer = ClassCenters(3, 2)
    layer.accumulate(np.array([3, -1, 2]), np.ones((3, 2)))
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.counts), [0, 0, 1])


def test_reset_forgets():
    layer = ClassCenters(2, 2)
    before = centers_of(layer)
    layer.accumulate(np.array([0]), np.ones((1, 2)))
    layer.reset_sums()
    assert layer.update() == 0
    np.testing.assert_array_equal(centers_of(layer), before)


def test_centers_are_no_trainable_weights_and_float32():
    layer = ClassCenters(3, 4, dtype="float16")
    assert layer.trainable_weights == []
    assert {str(w.dtype) for w in layer.weights} == {"float32"}


def test_call_looks_centers_up():
    layer = ClassCenters(3, 4)
    found = ops.convert_to_numpy(layer(np.array([2, 0])))
    np.testing.assert_array_equal(found, centers_of(layer)[[2, 0]])


@pytest.mark.parametrize("arguments", [(1, 8), (0, 8), (3, 0), (3.0, 8), (3, True), (3, 8, 0, -1)])
def test_too_small_or_no_integer_is_refused(arguments):
    with pytest.raises(ValueError, match="must be an integer, at least"):
        ClassCenters(*arguments)


def test_integers_of_numpy_are_taken_as_plain_ones():
    layer = ClassCenters(np.int64(3), np.uint8(8), np.True_, np.int32(7))
    config = layer.get_config()
    assert json.loads(json.dumps(config)) == config
    np.testing.assert_array_equal(centers_of(layer), centers_of(ClassCenters(3, 8, True, 7)))
