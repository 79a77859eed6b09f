import keras
import numpy as np
import pytest

from classwise.zoo.fitting.pseudo_class_model import PseudoClassModel
from classwise.zoo.methods import METHODS_OF_MEANS, build_loss

COUNTS, WIDTH, LENGTH, BATCH = (3, 5), 6, 4, 7


def a_model(method, share, code_weight=0.7):
    """A model, and its inputs and targets."""
    loss = build_loss(method, {})
    model = PseudoClassModel(WIDTH, LENGTH, COUNTS, loss.normalize, 0, code_weight)
    random = np.random.default_rng(0)
    model.hash_layer.set_weights([random.normal(size=(WIDTH, LENGTH)), random.normal(size=LENGTH)])
    model.learn(keras.optimizers.Adam(1e-2), loss, share)
    x = random.normal(size=(BATCH, WIDTH)).astype(np.float32)
    clusters = np.stack([random.integers(0, k, BATCH) for k in COUNTS], axis=1)
    earlier = random.normal(size=(BATCH, LENGTH)).astype(np.float32)
    return model, x, (clusters, earlier, random.random((BATCH, LENGTH)) > 0.5)


def naive_loss(model, method, x, clusters, earlier, bits, share):
    """The average over clusterings and images, term by term."""
    kernel, bias = (np.asarray(w, np.float64) for w in model.hash_layer.get_weights())

    def logits(h, mu):
        if method == "dcwh":
            return [0.25 * (h @ m - m @ m / 2) for m in mu]
        return [15.0 * (h @ m) / np.sqrt(h @ h) for m in mu]

    def softmax(values):
        values = np.exp(np.array(values) - max(values))
        return values / values.sum()

    total = 0.0
    for number in range(len(COUNTS)):
        mu = model.clusterings[number].get_centers().astype(np.float64)
        for i in range(BATCH):
            h = x[i].astype(np.float64) @ kernel + bias
            target = share * softmax(logits(earlier[i].astype(np.float64), mu))
            target[clusters[i, number]] += 1 - share
            total -= sum(target * np.log(softmax(logits(h, mu))))
            if method == "dcwh":
                total += 0.1 * sum(max(0.0, abs(each) - 1.1) for each in h)
    apart = 0.0
    for i in range(BATCH):
        h = x[i].astype(np.float64) @ kernel + bias
        if method == "vmf":
            h = h / np.sqrt(h @ h) * np.sqrt(LENGTH)
        apart += sum((a - (1 if b else -1)) ** 2 for a, b in zip(h, bits[i], strict=True)) / LENGTH
    return total / BATCH / len(COUNTS) + 0.7 * apart / BATCH


@pytest.mark.parametrize("method", METHODS_OF_MEANS)
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_loss_by_loops(method, share):
    model, x, targets = a_model(method, share)
    found = float(model.compute_loss(x, targets, model(x)))
    np.testing.assert_allclose(found, naive_loss(model, method, x, *targets, share), rtol=1e-4)


def test_steps_move_the_head_and_no_center():
    model, x, targets = a_model("dcwh", 0.5)
    centers = [each.get_centers() for each in model.clusterings]
    kernel = model.hash_layer.get_weights()[0]
    before = float(model.compute_loss(x, targets, model(x)))
    for _ in range(20):
        model.train_on_batch(x, targets)
    assert float(model.compute_loss(x, targets, model(x))) < before
    assert (model.hash_layer.get_weights()[0] != kernel).all()
    for each, old in zip(model.clusterings, centers, strict=True):
        np.testing.assert_array_equal(each.get_centers(), old)


def test_another_loss_counts_from_the_next_step_on():
    model, x, targets = a_model("dcwh", 0.0)
    model.train_on_batch(x, targets)
    model.learn(model.optimizer, build_loss("dcwh", {"vertex_weight": 100.0}), 0.0)
    assert model.train_on_batch(x, targets) > 50
