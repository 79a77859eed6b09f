"""Fitting of a head to features, without labels."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from classwise.losses import ClassCenters, ClassWiseLoss
from classwise.zoo.fitting.clusterings import clusterings
from classwise.zoo.fitting.fitted_head import FittedHead
from classwise.zoo.fitting.fitting_plan import FittingPlan
from classwise.zoo.fitting.fitting_request import FittingRequest, check_enough
from classwise.zoo.fitting.learn_head import learn_head
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.memberships import re_estimate
from classwise.zoo.fitting.method_losses import fitting_losses
from classwise.zoo.fitting.principal_axes import mapped, principal_axes
from classwise.zoo.fitting.starting_heads import STARTS
from classwise.zoo.fitting.teacher import teacher_vectors, unit_length
from classwise.zoo.fitting.teacher_codes import MOST_PHOTOS, evenly, teacher_codes
from classwise.zoo.fitting.thresholds import THRESHOLDS
from classwise.zoo.methods import DEFAULT_METHOD
from classwise.zoo.retrieval.inputs import check_embeddings


def fit_features(
    features: np.ndarray,
    *,
    code_length: int = 64,
    method: str = DEFAULT_METHOD,
    seed: int = 0,
    plan: FittingPlan | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> FittedHead:
    """Fits a linear head to features without labels, so that its signs are codes of them.

    The features are those of a pretrained network. They are clustered several times, coarsely and
    finely, and the head learns the clusters as a class-wise method learns classes; docs/FITTING.md
    has the mathematics. The same features and seed give the same head on the same machine.

    Args:
        features: floats `[N, D]`, at least 50 of them different.
        code_length: L, bits of a code. Defaults to 64.
        method: a name of `zoo.methods.METHODS_OF_MEANS`. Defaults to "dcwh".
        seed: of clusters, batches and rotations. Defaults to 0.
        plan: everything else. Defaults to what measured best.
        progress: called with 1 after each of `plan.count_steps(N)` steps.

    Returns:
        The head, to embed and encode features with, or to be put on the network: `head.on(trunk)`.

    Raises:
        InputError: an argument out of its range, features of another form, with NaN or too few.

    Example:

    >>> random = np.random.default_rng(0)
    >>> features = random.normal(size=(10, 1, 32)) + 0.3 * random.normal(size=(10, 20, 32))
    >>> fitted = fit_features(features.reshape(200, 32), code_length=16)
    >>> fitted.encode(features.reshape(200, 32)).shape
    (200, 2)
    """
    plan = plan or FittingPlan()
    asked = FittingRequest(code_length, method, seed)
    code_length, seed = asked.code_length, asked.seed
    features = check_embeddings("features", features, for_cosine=False)
    learning = distinct_features(features)
    losses = fitting_losses(method, code_length)

    axes = principal_axes(learning, max(plan.axes, plan.head_axes))
    teacher = teacher_vectors(learning, axes, plan, seed)
    clusters = clusterings(teacher, plan.cluster_counts(len(learning)), seed, progress)
    codes = teacher_codes(teacher, code_length, seed)
    inputs = axes.whitening(plan.head_axes, 0)
    some = evenly(len(learning), MOST_PHOTOS)
    start = STARTS[plan.start](mapped(learning[some], *inputs), codes[some], seed)
    head = learn_head(learning, inputs, clusters, codes > 0, start, losses, plan, seed, progress)
    thresholds = THRESHOLDS[plan.thresholds]
    head = thresholds(head, head.outputs(learning), seed)
    centers = group_centers(head, losses[-1], learning, clusters[:, 0])
    return FittedHead(head, losses[-1], centers, tuple((clusters.max(axis=0) + 1).tolist()))


def distinct_features(features: np.ndarray) -> np.ndarray:
    """Returns the features without those that are there already, in their order.

    Copies of one photo say nothing of what belongs together, and would draw clusters to it.

    Raises:
        InputError: fewer than 50 are left.
    """
    digests = (blake2b(row.tobytes(), digest_size=8).digest() for row in features)
    keys = np.frombuffer(b"".join(digests), np.uint64)
    first = np.sort(np.unique(keys, return_index=True)[1])
    check_enough(len(features), len(first))
    return features if len(first) == len(features) else features[first]


def group_centers(
    head: LinearHead, loss: ClassWiseLoss, features: np.ndarray, clusters: np.ndarray
) -> np.ndarray:
    """Computes the mean (or mean direction) of the outputs of every cluster, float32 `[K, L]`."""
    length = head.bias.shape[0]
    centers = ClassCenters(int(clusters.max()) + 1, length, loss.normalize)
    outputs = head.outputs(features)
    re_estimate(loss, 0.0, clusters, unit_length(outputs) if loss.normalize else outputs, centers)
    return centers.get_centers()
