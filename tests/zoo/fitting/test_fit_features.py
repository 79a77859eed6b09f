import dataclasses
import sys

import numpy as np
import pytest

from classwise.zoo.fitting.fit_features import distinct_features, fit_features
from classwise.zoo.fitting.fitting_plan import CHOICES, FittingPlan
from classwise.zoo.fitting.memberships import RULES
from classwise.zoo.fitting.starting_heads import STARTS
from classwise.zoo.fitting.thresholds import THRESHOLDS
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import METHODS_OF_MEANS
from classwise.zoo.retrieval import evaluate_codes


def mean_average_precision(codes, labels, code_length):
    return evaluate_codes(codes, labels, code_length=code_length).metrics["map"].expected


def random_codes(features, code_length):
    directions = np.random.default_rng(0).normal(size=(features.shape[1], code_length))
    return pack_codes((features - features.mean(axis=0)) @ directions)


@pytest.mark.parametrize("method", METHODS_OF_MEANS)
def test_groups_get_codes_of_their_own(grouped, short_plan, method):
    features, groups = grouped
    fitted = fit_features(features, code_length=12, method=method, plan=short_plan)
    found = mean_average_precision(fitted.encode(features), groups, 12)
    assert found > mean_average_precision(random_codes(features, 12), groups, 12) + 0.1
    assert found > 0.85


@pytest.mark.parametrize("method", METHODS_OF_MEANS)
def test_the_same_seed_gives_the_same_weights(grouped, short_plan, method):
    def weights(seed):
        fitted = fit_features(grouped[0], code_length=8, method=method, seed=seed, plan=short_plan)
        return fitted.head.kernel, fitted.head.bias, fitted.centers

    for first, second in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(first, second)
    assert (weights(4)[0] != weights(3)[0]).any()


@pytest.mark.parametrize(
    "change",
    [
        *({"memberships": name} for name in RULES),
        *({"start": name} for name in STARTS),
        *({"thresholds": name} for name in THRESHOLDS),
        {"code_weight": 0.0},
        {"neighbors": 0},
        {"clusterings": (10,)},
    ],
    ids=str,
)
def test_every_choice_of_the_plan_runs(grouped, short_plan, change):
    features, groups = grouped
    fitted = fit_features(features, code_length=9, plan=dataclasses.replace(short_plan, **change))
    assert np.isfinite(fitted.head.kernel).all()
    # 60 steps take a random head not far.
    least = 0.4 if "start" in change else 0.6
    assert mean_average_precision(fitted.encode(features), groups, 9) > least


@pytest.mark.large
@pytest.mark.parametrize("code_length", [1, 40])
def test_codes_shorter_and_longer_than_the_features(grouped, short_plan, code_length):
    fitted = fit_features(grouped[0], code_length=code_length, plan=short_plan)
    assert fitted.encode(grouped[0]).shape == (200, -(-code_length // 8))


def test_each_bit_of_dcwh_splits_the_photos(grouped, short_plan):
    bits = fit_features(grouped[0], code_length=16, plan=short_plan).embed(grouped[0]) > 0
    np.testing.assert_allclose(bits.mean(axis=0), 0.5, atol=0.02)


def test_vmf_embeddings_have_unit_length(grouped, short_plan):
    fitted = fit_features(grouped[0], code_length=8, method="vmf", plan=short_plan)
    np.testing.assert_allclose(np.linalg.norm(fitted.embed(grouped[0]), axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(fitted.centers, axis=1), 1, atol=1e-5)


def test_centers_are_means_of_the_groups_embeddings(grouped, short_plan):
    fitted = fit_features(
        grouped[0], code_length=8, plan=dataclasses.replace(short_plan, clusterings=(25,))
    )
    embeddings = fitted.embed(grouped[0])
    nearest = np.linalg.norm(embeddings[:, None] - fitted.centers, axis=-1).argmin(axis=1)
    for center in range(len(fitted.centers)):
        mean = embeddings[nearest == center].mean(axis=0)
        np.testing.assert_allclose(mean, fitted.centers[center], atol=0.3)


def test_copies_change_nothing(grouped, short_plan):
    features = grouped[0]
    copied = np.concatenate([features, np.repeat(features[:1], 1000, axis=0)])
    alone = fit_features(features, code_length=8, plan=short_plan)
    np.testing.assert_array_equal(
        fit_features(copied, code_length=8, plan=short_plan).head.kernel, alone.head.kernel
    )
    np.testing.assert_array_equal(distinct_features(copied), features)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([0] * 1000, r"1,000 images, 1 of them different; a hasher is fitted to 50"),
        (range(49), "49 images; a hasher is fitted to 50"),
    ],
)
def test_too_few_different_features(grouped, rows, words):
    with pytest.raises(InputError, match=words):
        fit_features(grouped[0][list(rows)])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"code_length": 0}, "code_length is 0"),
        ({"code_length": 8.0}, "code_length is 8.0"),
        ({"method": "dwch"}, "did you mean 'dcwh'"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_arguments(grouped, arguments, words):
    with pytest.raises(InputError, match=words):
        fit_features(grouped[0], **arguments)


def test_features_with_nan(grouped):
    features = grouped[0].copy()
    features[7, 3] = np.nan
    with pytest.raises(InputError, match="row 7 holds NaN"):
        fit_features(features)


def test_as_few_photos_as_allowed_of_few_dimensions():
    features = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    fitted = fit_features(features, code_length=16, plan=FittingPlan(steps=20))
    assert fitted.encode(features).shape == (50, 2)


def test_every_name_of_a_choice_has_who_does_it():
    assert set(CHOICES["start"]) == set(STARTS)
    assert set(CHOICES["memberships"]) == set(RULES)
    assert set(CHOICES["thresholds"]) == set(THRESHOLDS)


def test_a_plan_of_impossible_numbers_is_refused():
    for wrong, words in (
        ({"clusterings": ()}, "clusterings"),
        ({"clusterings": (1,)}, "clusterings"),
        ({"memberships": "sofd"}, "did you mean 'soft'"),
        ({"start": "pca"}, "start"),
        ({"steps": 0}, "steps is 0"),
    ):
        with pytest.raises(InputError, match=words):
            FittingPlan(**wrong)


def test_without_faiss_one_sentence_says_how_to_get_it(grouped, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match=r"needs the package faiss.*install it with: pip install"):
        fit_features(grouped[0])
