"""Every loss against loops over the equation in its docstring."""

import math

import keras
import numpy as np
import pytest

from bench.studies.rivals.class_wise import ClassWise
from bench.studies.rivals.losses import (
    GreedyHash,
    HashNet,
    NormalizedSoftmax,
    ProxyAnchor,
    Softmax,
)

CLASSES, BITS = 3, 4
LABELS = [0, 1, 0, 1, 0]  # of class 2 there is none
RANDOM = np.random.default_rng(4)
OUTPUTS = RANDOM.normal(size=(len(LABELS), BITS)).astype(np.float32)
MATRIX = RANDOM.normal(size=(CLASSES, BITS)).astype(np.float32)
BIAS = np.array([0.3, -0.2, 0.1], np.float32)


def found(criterion, weights=None, progress=0.0, outputs=OUTPUTS):
    outputs = keras.ops.convert_to_tensor(outputs)
    labels = keras.ops.convert_to_tensor(np.array(LABELS, np.int32))
    weights = {k: keras.ops.convert_to_tensor(v) for k, v in (weights or {}).items()}
    embeddings = criterion.embedding(outputs)
    return float(criterion.loss(labels, embeddings, weights, None, progress))


def cross_entropy(logits, label, smoothing=0.0):
    total = math.log(sum(math.exp(x) for x in logits))
    share = [smoothing / CLASSES + (1 - smoothing) * (c == label) for c in range(CLASSES)]
    return sum(t * (total - x) for t, x in zip(share, logits, strict=True))


def cosine(a, b):
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize(("progress", "beta"), [(0.0, 1.0), (0.5, 3.0), (1.0, 5.0)])
def test_hashnet_weighs_pairs_of_one_class_and_of_two_alike(progress, beta):
    one, two = [], []
    for i, a in enumerate(LABELS):
        for j, b in enumerate(LABELS):
            if i != j:
                pairs = zip(OUTPUTS[i], OUTPUTS[j], strict=True)
                theta = 6 / BITS * sum(math.tanh(beta * x) * math.tanh(beta * y) for x, y in pairs)
                loss = math.log(1 + math.exp(theta)) - (a == b) * theta
                (one if a == b else two).append(loss)
    expected = sum(one) / len(one) + sum(two) / len(two)
    assert found(HashNet(6.0, steepest=5.0), progress=progress) == pytest.approx(expected, rel=1e-5)


def test_greedy_hash_classifies_the_code():
    losses, distances = [], []
    for output, label in zip(OUTPUTS, LABELS, strict=True):
        bits = [1.0 if x > 0 else -1.0 for x in output]
        losses.append(cross_entropy([np.dot(bits, row) for row in MATRIX] + BIAS, label))
        distances += [abs(x - b) ** 3 for x, b in zip(output, bits, strict=True)]
    expected = np.mean(losses) + 0.3 * np.mean(distances)
    weights = {"kernel": MATRIX.T, "bias": BIAS}
    assert found(GreedyHash(0.3), weights) == pytest.approx(expected, rel=1e-5)


def test_proxy_anchor_counts_proxies_that_have_images():
    near, far = [], []
    for c in range(CLASSES):
        similar = [cosine(output, MATRIX[c]) for output in OUTPUTS]
        own = [s for s, label in zip(similar, LABELS, strict=True) if label == c]
        others = [s for s, label in zip(similar, LABELS, strict=True) if label != c]
        if own:
            near.append(math.log(1 + sum(math.exp(-5 * (s - 0.2)) for s in own)))
        far.append(math.log(1 + sum(math.exp(5 * (s + 0.2)) for s in others)))
    expected = np.mean(near) + np.mean(far)
    weights = {"proxies": MATRIX}
    assert found(ProxyAnchor(5.0, 0.2), weights) == pytest.approx(expected, rel=1e-5)


def test_normalized_softmax_standardizes_an_embedding_and_compares_directions():
    losses = []
    for output, label in zip(OUTPUTS, LABELS, strict=True):
        standard = (output - output.mean()) / math.sqrt(output.var() + 1e-5)
        losses.append(cross_entropy([cosine(standard, row) / 0.2 for row in MATRIX], label))
    weights = {"proxies": MATRIX}
    assert found(NormalizedSoftmax(0.2), weights) == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_softmax_smooths_labels(smoothing):
    losses = [
        cross_entropy([np.dot(output, row) for row in MATRIX] + BIAS, label, smoothing)
        for output, label in zip(OUTPUTS, LABELS, strict=True)
    ]
    weights = {"kernel": MATRIX.T, "bias": BIAS}
    assert found(Softmax(smoothing), weights) == pytest.approx(np.mean(losses), rel=1e-5)


def test_dcwh_pulls_to_vertices_from_the_middle_on():
    criterion = ClassWise("dcwh", (("cubic_weight", 0.0),), (("vertex_weight", 2.0),))
    labels = np.array(LABELS, np.int32)
    early, late = (
        float(criterion.loss(labels, OUTPUTS, {}, MATRIX, progress)) for progress in (0.4, 0.6)
    )
    distance = [sum((abs(x) - 1) ** 2 for x in output) for output in OUTPUTS]
    assert late - early == pytest.approx(2 * np.mean(distance), rel=1e-4)
