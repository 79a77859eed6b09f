"""Learning of the head: gradient descent on memberships, centers and memberships in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from classwise.losses import ClassWiseLoss
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.memberships import RULES, most_probable, re_estimate
from classwise.zoo.fitting.principal_axes import mapped
from classwise.zoo.fitting.pseudo_class_model import PseudoClassModel
from classwise.zoo.fitting.teacher import unit_length

# Photos that centers are re-estimated from: of more, others in every round.
MOST_PHOTOS = 50_000
# Share of the steps after which memberships are re-estimated: centers have to mean something.
FIRST_E_STEP = 0.3


def learn_head(
    features: np.ndarray,
    inputs: tuple[np.ndarray, np.ndarray],
    clusters: np.ndarray,
    bits: np.ndarray,
    start: LinearHead,
    losses: Sequence[ClassWiseLoss],
    plan: FittingPlan,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> LinearHead:
    """Learns a head of features from clusterings of them.

    Every `plan.steps_a_round` steps the centers are re-estimated (M step), and from .3 of the
    steps on the memberships before them (E step).

    Args:
        features: of the photos, `[N, D]`.
        inputs: matrix and offset of the map from features to what the head is learned on.
        clusters: of the photos, int64 `[N, S]`.
        bits: of the teacher's codes, bool `[N, L]`.
        start: head of the inputs to start from.
        losses: each for an equal share of the steps.
        plan: its numbers of steps, its batch size and rate, and its rule of memberships.
        seed: of the batches.
        progress: called with 1 after each step.

    Returns:
        The head, of the features themselves.
    """
    matrix, offset = inputs
    random = np.random.default_rng(seed)
    normalize = losses[0].normalize
    counts = [int(clusters[:, number].max()) + 1 for number in range(clusters.shape[1])]
    model = PseudoClassModel(
        matrix.shape[1], bits.shape[1], counts, normalize, seed, plan.code_weight
    )
    model.hash_layer.set_weights([start.kernel, start.bias])
    rule = RULES[plan.memberships]
    clusters = clusters.copy()
    optimizer = keras.optimizers.Adam(schedule(plan))
    optimizer.build(model.trainable_variables)

    def as_learned(rows: np.ndarray) -> np.ndarray:
        outputs = latest.outputs(features[rows])
        return unit_length(outputs) if normalize else outputs

    def m_step(share: float) -> None:
        rows = np.arange(len(features))
        if len(rows) > MOST_PHOTOS:
            rows = np.sort(random.choice(len(rows), MOST_PHOTOS, replace=False))
        outputs = as_learned(rows)
        for number, centers in enumerate(model.clusterings):
            re_estimate(model.class_wise, share, clusters[rows, number], outputs, centers)

    batch = min(plan.batch_size, len(features))
    rounds = range(0, plan.steps, plan.steps_a_round)
    stages = [losses[step * len(losses) // plan.steps] for step in rounds]
    share = 0.0
    for step, loss in zip(rounds, stages, strict=True):
        latest = LinearHead(*model.hash_layer.get_weights()).below(matrix, offset)
        if step >= FIRST_E_STEP * plan.steps:
            share = rule.posterior
            if rule.moves:
                outputs = as_learned(np.arange(len(features)))
                for number, centers in enumerate(model.clusterings):
                    clusters[:, number] = most_probable(loss, outputs, centers)
        model.learn(optimizer, loss, share)
        m_step(share)
        steps = min(plan.steps_a_round, plan.steps - step)
        rows = random.integers(len(features), size=(steps, batch))
        x = mapped(features[rows.ravel()], matrix, offset).reshape(steps, batch, -1)
        earlier = as_learned(rows.ravel()).reshape(steps, batch, -1)
        for each in range(steps):
            model.train_on_batch(x[each], (clusters[rows[each]], earlier[each], bits[rows[each]]))
            progress(1)
    return LinearHead(*model.hash_layer.get_weights()).below(matrix, offset)


def schedule(plan: FittingPlan) -> keras.optimizers.schedules.LearningRateSchedule:
    """Returns a learning rate that rises over a fifth of the steps, and falls as a cosine does."""
    warmup = max(plan.steps // 5, 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=plan.learning_rate / 100,
        decay_steps=max(plan.steps - warmup, 1),
        warmup_target=plan.learning_rate,
        warmup_steps=warmup,
    )
