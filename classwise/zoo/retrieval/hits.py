"""Relevant items among the first k and within a radius, from which metrics follow.

Every function at a cut-off returns float64 `[3, Q]`: the mean over all orders inside ties, the
worst order and the best order.
"""

import numpy as np

from classwise.zoo.retrieval.tie_groups import TieGroups


def hits_at(groups: TieGroups, k: int) -> np.ndarray:
    """Computes the number of relevant items among the first k, `[3, Q]`.

    Formula: R' + m r / n: behind the R' before the cut, m of the n items of the cut are taken.
    """
    cut = groups.cut(k)
    taken = k - cut.items_before
    in_cut = (
        taken * cut.relevant / cut.items,
        np.maximum(0, taken - (cut.items - cut.relevant)),
        np.minimum(taken, cut.relevant),
    )
    return np.stack([cut.relevant_before + hits for hits in in_cut])


def zero_hits_at(groups: TieGroups, k: int) -> np.ndarray:
    """Computes the probability that no relevant item is among the first k, `[3, Q]`.

    Formula: C(n - r, m) / C(n, m) if nothing before the cut is relevant, which is the product of
    1 - r / (n - j) over j = 0..m - 1, and the same with r and m exchanged: the shorter is taken.
    """
    _, worst, best = hits_at(groups, k)
    cut = groups.cut(k)
    missed = (cut.relevant_before == 0).astype(np.float64)
    taken = k - cut.items_before
    factors, drawn = np.minimum(taken, cut.relevant), np.maximum(taken, cut.relevant)
    j = 0
    while np.any(more := (j < factors) & (missed > 1e-30)):
        missed[more] *= np.maximum(0, 1 - drawn[more] / (cut.items[more] - j))
        j += 1
    return np.stack([missed, worst == 0, best == 0])


def precision_recall_by_radius(groups: TieGroups) -> tuple[np.ndarray, np.ndarray]:
    """Computes precision and recall in the ball of every radius 0..L, `[Q, L + 1]` each.

    A ball is made of whole tie groups, so no order matters. An empty ball has precision 0.
    """
    ball = groups.items_before + groups.items
    hits = groups.relevant_before + groups.relevant
    return hits / np.maximum(ball, 1), hits / groups.total_relevant[:, None]
