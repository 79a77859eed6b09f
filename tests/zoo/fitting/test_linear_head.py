import numpy as np

from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.principal_axes import mapped, principal_axes


def test_folded_is_unfolded(grouped):
    """Centering and whitening inside the head give what they gave before it."""
    features = grouped[0]
    random = np.random.default_rng(1)
    matrix, offset = principal_axes(features, 12).whitening(12, 0.5)
    head = LinearHead(random.normal(size=(12, 9)), random.normal(size=9))
    unfolded = head.outputs(mapped(features, matrix, offset))
    np.testing.assert_allclose(head.below(matrix, offset).outputs(features), unfolded, atol=1e-5)


def test_turned_outputs(grouped):
    random = np.random.default_rng(1)
    head = LinearHead(random.normal(size=(24, 5)), random.normal(size=5))
    rotation = np.linalg.qr(random.normal(size=(5, 5)))[0]
    thresholds = random.normal(size=5)
    wanted = head.outputs(grouped[0]) @ rotation - thresholds
    turned = head.turned(rotation, thresholds).outputs(grouped[0])
    np.testing.assert_allclose(turned, wanted, atol=1e-4)
