"""How memberships of clusters are re-estimated: the E step of a mixture, and its M step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from keras import ops
from scipy.sparse import csr_array

from classwise.losses import ClassCenters, ClassWiseLoss
from classwise.losses.class_wise_loss import class_targets

CHUNK = 2048


@dataclasses.dataclass(frozen=True)
class Rule:
    """What a photo's membership of clusters is, once there are centers.

    Args:
        posterior: share of the mixture's posterior in it; the rest is the cluster that the photo
            was put into.
        moves: whether the photo is put into its most probable cluster again and again, rather than
            left in the teacher's.
    """

    posterior: float = 0.0
    moves: bool = False


#: By the name that a plan gives.
RULES = {
    "fixed": Rule(),
    "hard": Rule(moves=True),
    "averaged": Rule(posterior=0.5),
    "soft": Rule(posterior=1.0),
}


def memberships(loss: ClassWiseLoss, share: float, clusters, earlier, centers):
    """Computes memberships q of the clusters of one clustering, `[B, K]`.

    Formula, with the cluster c_i of photo i and its output h_i, as of the latest E step:

        q_ik = (1 - share) [k = c_i] + share softmax_k logits(h_i, mu)

    Args:
        loss: whose logits are the log posterior of the mixture, up to a constant.
        share: of the posterior.
        clusters: ids `[B]`.
        earlier: h, `[B, L]`.
        centers: mu, `[K, L]`.
    """
    hard = class_targets(clusters, centers.shape[0])
    if not share:
        return hard
    return (1 - share) * hard + share * ops.softmax(loss.logits(earlier, centers), axis=-1)


def most_probable(loss: ClassWiseLoss, outputs: np.ndarray, centers: ClassCenters) -> np.ndarray:
    """Computes the cluster of the highest posterior of every output, the E step; int64 `[N]`."""
    found = [
        ops.convert_to_numpy(ops.argmax(loss.logits(outputs[rows], centers.centers), axis=-1))
        for rows in chunks(len(outputs))
    ]
    return np.concatenate(found).astype(np.int64)


def re_estimate(
    loss: ClassWiseLoss, share: float, clusters: np.ndarray, outputs: np.ndarray, centers
) -> None:
    """Re-estimates the centers of one clustering in place, the M step.

    Formula: mu_k = sum_i q_ik h_i, divided by sum_i q_ik (DCWH) or by its length (vMF, whose h
    have unit length).

    Args:
        loss, share: as of `memberships`.
        clusters: ids `[N]`.
        outputs: h, `[N, L]`.
        centers: `ClassCenters` of these clusters; one without members stays where it is.
    """
    count = centers.num_classes
    if not share:
        members = csr_array(
            (np.ones(len(clusters)), (clusters, np.arange(len(clusters)))),
            shape=(count, len(clusters)),
        )
        centers.update(members @ outputs.astype(np.float64), np.bincount(clusters, minlength=count))
        return
    sums, counts = np.zeros((count, outputs.shape[1])), np.zeros(count)
    for rows in chunks(len(outputs)):
        shares = ops.convert_to_numpy(
            memberships(loss, share, clusters[rows], outputs[rows], centers.centers)
        )
        sums += shares.T @ outputs[rows]
        counts += shares.sum(axis=0)
    centers.update(sums, counts)


def chunks(count: int) -> Iterator[slice]:
    """Yields slices that cover `count` rows."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))
