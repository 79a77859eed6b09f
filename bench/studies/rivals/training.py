"""One training loop for all losses: a head on features, compiled as a whole by JAX."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np

from bench.studies.rivals.criterion import Criterion, glorot
from bench.studies.rivals.plan import Plan
from classwise.losses.class_wise_loss import class_membership
from classwise.zoo.training.iterative_quantization import ITERATIONS, itq_rotation

#: Images whose embeddings ITQ is fitted to, at most.
TURNED_BY = 10_000
WEIGHT_DECAY, BETAS, EPSILON = 0.02, (0.9, 0.999), 1e-7


def batches(images: int, plan: Plan, seed: int) -> np.ndarray:
    """Draws which images each step sees, int32 `[epochs, steps, batch]`, one pass after another."""
    random = np.random.default_rng(seed)
    needed = plan.epochs * plan.steps * plan.batch_size
    passes = [random.permutation(images) for _ in range(-(-needed // images))]
    order = np.concatenate(passes)[:needed].astype(np.int32)
    return order.reshape(plan.epochs, plan.steps, plan.batch_size)


def first_weights(
    criterion: Criterion, features: int, num_classes: int, code_length: int, plan: Plan, seed: int
) -> dict:
    """Draws the head, the same for every loss, and what the loss trains beside it."""
    random, sizes = np.random.default_rng([seed, 1]), [features, code_length]
    if plan.hidden_units:
        sizes.insert(1, plan.hidden_units)
    head = [
        (glorot(above, below, random), np.zeros(below, np.float32))
        for above, below in itertools.pairwise(sizes)
    ]
    own = criterion.weights(num_classes, code_length, np.random.default_rng([seed, 2]))
    return {"head": head, "own": own}


def embeddings(criterion: Criterion, head: list, features):
    """Computes embeddings `[N, L]` of features `[N, F]`."""
    *hidden, (kernel, bias) = head
    for above, shift in hidden:
        features = jax.nn.relu(features @ above + shift)
    return criterion.embedding(features @ kernel + bias)


def adamw_step(step, gradients, weights, moments, rate):
    """Does one step of AdamW as Keras does; returns weights and moments."""
    first, second = BETAS
    means, squares = moments
    means = jax.tree.map(lambda m, g: first * m + (1 - first) * g, means, gradients)
    squares = jax.tree.map(lambda s, g: second * s + (1 - second) * g * g, squares, gradients)
    scale = jnp.sqrt(1 - second**step) / (1 - first**step)

    def moved(weight, mean, square):
        kept = weight * (1 - WEIGHT_DECAY * rate)
        return kept - rate * scale * mean / (jnp.sqrt(square) + EPSILON)

    return jax.tree.map(moved, weights, means, squares), (means, squares)


@functools.partial(jax.jit, static_argnames="criterion")
def learn(criterion, weights, centers, order, features, labels, learning_rate):
    """Trains by AdamW with a cosine schedule; returns the weights after the last step.

    Args:
        criterion: the objective.
        weights: as `first_weights` draws them.
        centers: float `[C, L]`.
        order: which images each step sees, `[epochs, steps, batch]`.
        features: float32 `[N, F]`.
        labels: class ids, int32 `[N]`.
        learning_rate: of the first step.
    """
    epochs, steps, _ = order.shape
    classes = centers.shape[0]

    def objective(weights, centers, chosen, progress):
        found = embeddings(criterion, weights["head"], features[chosen])
        loss = criterion.loss(labels[chosen], found, weights["own"], centers, progress)
        return loss, found

    def one_step(carried, chosen):
        weights, moments, done, centers, progress, sums, counts = carried
        differentiate = jax.value_and_grad(objective, has_aux=True)
        (loss, found), gradients = differentiate(weights, centers, chosen, progress)
        rate = learning_rate * 0.5 * (1 + jnp.cos(jnp.pi * done / (epochs * steps)))
        weights, moments = adamw_step(done + 1, gradients, weights, moments, rate)
        if criterion.moves_centers:
            member = class_membership(labels[chosen], classes)
            sums, counts = sums + member.T @ found, counts + member.sum(axis=0)
        return (weights, moments, done + 1, centers, progress, sums, counts), loss

    def one_epoch(carried, numbered):
        weights, moments, done, centers = carried
        epoch, chosen = numbered
        progress = epoch / max(epochs - 1, 1)
        empty = jnp.zeros_like(centers), jnp.zeros(classes)
        start = (weights, moments, done, centers, progress, *empty)
        (weights, moments, done, _, _, *gathered), losses = jax.lax.scan(one_step, start, chosen)
        if criterion.moves_centers:
            centers = criterion.estimated(*gathered, centers)
        return (weights, moments, done, centers), losses.mean()

    none = jax.tree.map(jnp.zeros_like, weights)
    start = (weights, (none, none), 0.0, centers)
    numbered = (jnp.arange(epochs, dtype=jnp.float32), order)
    (weights, _, _, centers), losses = jax.lax.scan(one_epoch, start, numbered)
    return weights, centers, losses


def train_head(criterion, sets, code_length, plan, learning_rate, seed):
    """Trains a head; returns what gives embeddings `[N, L]` for features `[N, F]`.

    Args:
        criterion: the objective.
        sets: features of all images of a data set, and which of them are learned from; those of
            several studies share arrays, so that what is compiled for one serves the others.
        code_length: L, bits.
        plan: epochs and form of the head.
        learning_rate: of the first step.
        seed: of weights, centers and the order of images.
    """
    weights, _, losses = learn_again(criterion, sets, code_length, plan, learning_rate, seed)()
    if not np.isfinite(losses).all():
        raise ArithmeticError(f"{criterion} at {learning_rate}: the loss is not finite.")
    return lambda found: np.asarray(_embedded(criterion, weights["head"], found))


def learn_again(criterion, sets, code_length, plan, learning_rate=1e-3, seed=0):
    """Returns a function that trains as `train_head` does, which ends when training has."""
    classes, features = sets.num_classes, sets.features
    weights = first_weights(criterion, features.shape[1], classes, code_length, plan, seed)
    given = (
        weights,
        criterion.centers(classes, code_length, seed),
        sets.learned[batches(len(sets.learned), plan, seed)],
        features,
        sets.class_ids,
        learning_rate,
    )
    return lambda: jax.block_until_ready(learn(criterion, *given))


@functools.partial(jax.jit, static_argnames="criterion")
def _embedded(criterion, head, features):
    return embeddings(criterion, head, features)


def turned(head, features, seed: int):
    """Returns a head whose embeddings are turned by ITQ, fitted to those of some features."""
    drawn = np.random.default_rng(seed).permutation(len(features))[:TURNED_BY]
    rotation = itq_rotation(head(features[drawn]), ITERATIONS, seed).astype(np.float32)
    return lambda found: head(found) @ rotation
