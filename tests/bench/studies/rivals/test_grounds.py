"""Who learns, asks and answers."""

import dataclasses

import numpy as np
import pytest

from bench.studies.rivals import grounds
from bench.studies.rivals.grounds import GROUNDS, Material, components
from bench.studies.rivals.judge import equal_codes


def material(ground, labels, **positions):
    """Material of made-up features, whose first number is the image's position."""
    made = Material.__new__(Material)
    made.ground, made.labels = ground, np.asarray(labels)
    made.positions = {role: np.asarray(rows) for role, rows in positions.items()}
    made.learned = np.concatenate([made.positions["training"], made.positions["validation"]])
    made.features = np.arange(len(labels), dtype=np.float32)[:, None]
    return made


SEEN = {
    "training": [0, 1, 2, 3, 4, 5, 6],
    "validation": [7, 8, 9, 10],
    "queries": [11, 12],
    "database": [0, 1, 2, 13],
}


def test_settings_are_chosen_without_the_queries():
    made = material(GROUNDS["cifar10-5k-59k"], [0, 1] * 7, **SEEN)
    tuning, judging = made.tuning(), made.judged()
    assert tuning.learned.tolist() == tuning.database.tolist() == SEEN["training"]
    assert tuning.queries.tolist() == SEEN["validation"]
    assert judging.learned.tolist() == SEEN["training"] + SEEN["validation"]
    assert (judging.queries.tolist(), judging.database.tolist()) == ([11, 12], [0, 1, 2, 13])
    np.testing.assert_array_equal(judging.of("queries")[0][:, 0], [11, 12])


def test_of_unseen_classes_settings_are_chosen_on_classes_kept_aside():
    labels = [0, 1, 2, 3, 0, 1, 2, 0, 1, 3, 2, 9, 9, 9]
    made = material(GROUNDS["cifar100-unseen"], labels, **SEEN)
    tuning = made.tuning()
    assert set(made.labels[tuning.learned]) == {1, 2}  # every third of 0, 1, 2, 3 is aside
    assert set(made.labels[tuning.database]) == set(made.labels[tuning.queries]) == {0, 3}
    assert set(tuning.database) <= set(SEEN["training"])
    assert tuning.num_classes == 2
    assert tuning.class_ids[tuning.learned].tolist() == [0, 1, 0, 1]


def test_few_images_are_drawn_equally_by_seed():
    made = material(GROUNDS["cifar10-5k-59k"], [0, 1] * 7, **SEEN)
    drawn = {tuple(made.judged(2, seed).learned) for seed in range(5)}
    assert len(drawn) > 1
    for rows in drawn:
        assert sorted(made.labels[list(rows)]) == [0, 0, 1, 1]
        assert set(rows) <= set(made.learned)


def test_fewer_queries_are_equally_many_a_class():
    ground = dataclasses.replace(GROUNDS["cifar10-5k-59k"], asking=4)
    positions = SEEN | {"queries": [8, 9, 10, 11, 12, 13]}
    assert sorted(material(ground, [0, 1] * 7, **positions).judged().queries) == [8, 9, 10, 11]


def test_components_are_those_of_the_learned_images(monkeypatch):
    monkeypatch.setattr(grounds, "COMPONENTS", 2)
    random = np.random.default_rng(0)
    features = (random.normal(size=(60, 5)) * [5, 3, 1, 1, 1] + 2).astype(np.float32)
    found, share = components(features, np.arange(40))
    from sklearn.decomposition import PCA

    known = PCA(2).fit(features[:40])
    np.testing.assert_allclose(share, known.explained_variance_ratio_.sum(), rtol=1e-4)
    ours, theirs = (x @ x.T for x in (found, known.transform(features)))
    np.testing.assert_allclose(ours / ours[0, 0], theirs / theirs[0, 0], rtol=1e-3, atol=1e-3)


def test_equal_codes_are_those_that_another_image_has():
    codes = np.array([[1, 2], [1, 2], [3, 4], [1, 2], [5, 6], [5, 6]], np.uint8)
    assert equal_codes(codes) == {"distinct": 3, "equal": pytest.approx(5 / 6, abs=1e-5)}
