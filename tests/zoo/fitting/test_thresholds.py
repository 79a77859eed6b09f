import numpy as np

from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.thresholds import THRESHOLDS, at_medians, turned_by_itq


def a_head(features):
    random = np.random.default_rng(0)
    head = LinearHead(random.normal(size=(24, 6)), random.normal(size=6) + 4)
    return head, head.outputs(features)


def test_medians_split_the_photos(grouped):
    head, outputs = a_head(grouped[0])
    ones = (at_medians(head, outputs, 0).outputs(grouped[0]) > 0).mean(axis=0)
    np.testing.assert_allclose(ones, 0.5, atol=0.01)


def test_itq_keeps_distances_and_takes_the_mean_off(grouped):
    head, outputs = a_head(grouped[0])
    turned = turned_by_itq(head, outputs, 0).outputs(grouped[0])
    np.testing.assert_allclose(turned.mean(axis=0), 0, atol=1e-4)
    before = np.linalg.norm(outputs[:, None] - outputs[:20], axis=-1)
    after = np.linalg.norm(turned[:, None] - turned[:20], axis=-1)
    np.testing.assert_allclose(after, before, atol=1e-3)
    plain = outputs - outputs.mean(axis=0)
    assert np.abs(turned).mean() > np.abs(plain).mean()  # nearer to corners of a cube


def test_zero_leaves_the_head(grouped):
    head, outputs = a_head(grouped[0])
    assert THRESHOLDS["zero"](head, outputs, 0) is head
