"""Hashers for any photos: how their heads are learned, and where their threshold lies."""

import dataclasses

import numpy as np
import pytest

from classwise.zoo.fitting.method_losses import fitting_losses
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from tools.publish.photo_features import PhotoFeatures
from tools.publish.photo_figures import judging_rows, same_kind
from tools.publish.photo_heads import (
    PLANS,
    centers_of,
    drawn_mixtures,
    learn_photo_head,
    mixtures,
    posteriors,
)
from tools.publish.photo_pools import POOL

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(90, 24)).astype(np.float32)
KERNEL, BIAS = RANDOM.normal(size=(24, 7)), RANDOM.normal(size=7)
LOGITS = FEATURES @ KERNEL + BIAS


@pytest.mark.parametrize("normalize", [False, True])
def test_centers_are_the_weighted_means_of_outputs(normalize):
    outputs, shares = RANDOM.normal(size=(9, 4)), RANDOM.uniform(size=(9, 3))
    for number, center in enumerate(centers_of(outputs, shares, normalize)):
        total, weight = np.zeros(4), 0.0
        for output, share in zip(outputs, shares[:, number], strict=True):
            total += share * (output / np.linalg.norm(output) if normalize else output)
            weight += share
        expected = total / (np.linalg.norm(total) if normalize else weight)
        np.testing.assert_allclose(center, expected, atol=1e-6)


def test_mixtures_are_of_two_photos_and_the_difference_of_two_others():
    rows = np.array([[0, 1], [2, 3], [4, 5], [6, 7]])
    mixed, moved = np.array([[0.25], [0.5]]), np.array([[0.1], [0.0]])
    found = mixtures(FEATURES, rows, mixed, moved)
    first = 0.75 * FEATURES[0] + 0.25 * FEATURES[2] + 0.1 * (FEATURES[4] - FEATURES[6])
    np.testing.assert_allclose(found[0], first, rtol=1e-5)
    np.testing.assert_allclose(found[1], (FEATURES[1] + FEATURES[3]) / 2, rtol=1e-5)


def test_the_classifier_says_of_a_mixture_what_its_logits_mix_to():
    drawn = drawn_mixtures(np.random.default_rng(1), len(FEATURES), PLANS["vmf"])
    of_features = mixtures(FEATURES, *drawn) @ KERNEL + BIAS
    np.testing.assert_allclose(mixtures(LOGITS, *drawn), of_features, atol=1e-4)
    shares = posteriors(np.array([[0.0, 2.0, 1.0]]), 2.0)
    powers = np.exp([0, 1, 0.5])
    np.testing.assert_allclose(shares[0], powers / powers.sum(), rtol=1e-6)


@pytest.mark.parametrize("method", PLANS)
def test_a_head_splits_the_pool_and_is_the_same_again(method):
    plan = dataclasses.replace(PLANS[method], steps=min(PLANS[method].steps, 3), batch_size=16)
    loss = fitting_losses(method, 12)[0]
    head, centers = learn_photo_head(FEATURES, LOGITS, loss, 12, plan)
    ones = (head.outputs(FEATURES) > 0).mean(axis=0)
    np.testing.assert_allclose(ones, 0.5, atol=1 / len(FEATURES))
    assert centers.shape == (7, 12)
    again, _ = learn_photo_head(FEATURES, LOGITS, loss, 12, plan)
    np.testing.assert_array_equal(head.kernel, again.kernel)


def test_the_threshold_lets_in_one_pair_of_a_hundred():
    bits = RANDOM.integers(0, 2, (60, 32))
    judged, labels = RANDOM.integers(0, 2, (40, 32)), np.arange(40) % 8
    found = same_kind(pack_codes(bits - 0.5), 32, pack_codes(judged - 0.5), labels)
    distances = [int((bits[one] != bits[other]).sum()) for one in range(60) for other in range(one)]
    rates = [np.mean([each <= limit for each in distances]) for limit in range(33)]
    nearest = int(np.argmin(np.abs(np.array(rates) - 0.01)))
    assert (found["distance"], found["pairs"]) == (nearest, len(distances))
    assert found["false_match_rate"] == pytest.approx(rates[nearest], abs=1e-5)
    within = {True: [], False: []}
    for one in range(40):
        for other in range(one):
            near = (judged[one] != judged[other]).sum() <= nearest
            within[bool(labels[one] == labels[other])].append(near)
    assert found["judged"]["found"] == pytest.approx(np.mean(within[True]), abs=1e-5)
    assert found["judged"]["false_match_rate"] == pytest.approx(np.mean(within[False]), abs=1e-5)


def test_classes_that_choices_were_made_on_do_not_judge():
    labels = np.array([3, 1, 2, 0, 1])
    assert judging_rows("flowers102-unseen", labels).tolist() == [True, True, False, False, True]
    assert judging_rows("ukbench", labels).all()


def test_features_of_other_photos_are_refused(tmp_path):
    from classwise.zoo.presets.registry import get_trunk

    trunk = get_trunk("efficientnet_lite0_imagenet")
    np.savez(tmp_path / f"a_{trunk.name}.npz", features=FEATURES[:2], ids=np.array(["x", "y"]))
    kept = PhotoFeatures(trunk, tmp_path)
    np.testing.assert_array_equal(kept.of("a", np.array(["x", "y"]), None), FEATURES[:2])
    with pytest.raises(InputError, match="holds other photos"):
        kept.of("a", np.array(["x", "z"]), None)


def test_a_pool_of_another_size_is_refused(tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="holds 1 photos where 1000 are expected"):
        POOL.open(tmp_path, (32, 32, 3))
