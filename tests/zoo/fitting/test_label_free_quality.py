import numpy as np

from classwise.zoo.fitting import label_free_quality as module
from classwise.zoo.fitting.label_free_quality import label_free_quality


def made_up(photos=60, width=6, bits=5):
    random = np.random.default_rng(0)
    features = random.normal(size=(photos, width)).astype(np.float32)
    return features, np.packbits(features[:, :bits] > 0, axis=1), bits


def drawn_recall(features, codes, bits, depth, draws=3000):
    """The mean over random orders of equal distances."""
    random = np.random.default_rng(1)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    values = np.unpackbits(codes, axis=1, count=bits)
    found = []
    for i in range(len(codes)):
        others = [j for j in range(len(codes)) if j != i]
        wanted = set(sorted(others, key=lambda j: -(units[i] @ units[j]))[:10])
        distances = (values[others] != values[i]).sum(axis=1)
        hits = 0
        for _ in range(draws // len(codes)):
            order = np.lexsort((random.random(len(others)), distances))[:depth]
            hits += len(wanted & {others[k] for k in order})
        found.append(hits / 10 / (draws // len(codes)))
    return np.mean(found)


def test_recall_is_that_of_random_orders_inside_ties(monkeypatch):
    monkeypatch.setattr(module, "MOST_AT_ONCE", 17)
    monkeypatch.setattr(module, "CHUNK", 13)
    features, codes, bits = made_up()
    found = label_free_quality(features, codes, bits)
    assert abs(found.recall["10"] - drawn_recall(features, codes, bits, 10)) < 0.01
    assert found.recall["100"] == 1.0  # there are fewer photos


def test_how_bits_are_used():
    features, _, _ = made_up(40)
    bits = np.zeros((40, 3), np.uint8)
    bits[:10, 0] = 1
    bits[:20, 1] = 1
    bits[:, 2] = np.arange(40) % 2
    found = label_free_quality(features, np.packbits(bits, axis=1), 3)
    np.testing.assert_allclose(found.imbalance, (0.25 + 0 + 0) / 3)
    wanted = [abs(np.corrcoef(bits[:, a], bits[:, b])[0, 1]) for a, b in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(found.correlation, np.mean(wanted), atol=1e-9)
    assert found.shared_codes == 1.0
    assert found.distinct_codes == 6


def test_share_of_photos_that_share_a_code():
    features, _, _ = made_up(40)
    codes = np.arange(40, dtype=np.uint8)[:, None]
    codes[3] = codes[9]
    assert label_free_quality(features, codes, 8).shared_codes == 2 / 40
