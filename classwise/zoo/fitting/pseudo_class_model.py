"""The model that learns from several clusterings at once, by a class-wise loss."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from classwise.losses import ClassCenters, ClassWiseLoss
from classwise.zoo.fitting.memberships import memberships


class PseudoClassModel(keras.Model):
    """One linear head, and the centers of every clustering's clusters.

    Formula, with outputs h (of length sqrt(L) where they are directions) and the bits t, -1 or 1,
    of the teacher's codes:

        loss = mean over clusterings of the class-wise loss, its classes being the clusters
               + code_weight * mean over bits of (h - t)^2

    Its targets are the clusters `[B, S]` that photos are in, the outputs `[B, L]` that they had at
    the latest E step, and bits `[B, L]`.

    Args:
        width: of the inputs.
        code_length: L.
        counts: of clusters, one a clustering.
        normalize: whether centers are directions.
        seed: of the centers, until they are estimated first.
        code_weight: of the distance to the teacher's codes.
    """

    def __init__(
        self,
        width: int,
        code_length: int,
        counts: Sequence[int],
        normalize: bool,
        seed: int,
        code_weight: float,
    ):
        super().__init__()
        self.hash_layer = layers.Dense(code_length, dtype="float32", name="hash_layer")
        self.hash_layer.build((None, width))
        self.clusterings = [
            ClassCenters(count, code_length, normalize, seed, name=f"clustering_{number}")
            for number, count in enumerate(counts)
        ]
        self.normalize, self.code_weight = normalize, code_weight
        self.class_wise: ClassWiseLoss | None = None
        self.share = 0.0
        self.built = True

    def learn(self, optimizer, loss: ClassWiseLoss, share: float) -> None:
        """Says what the next steps minimize, and the share of posteriors in memberships."""
        if (loss, share) == (self.class_wise, self.share):
            return
        self.class_wise, self.share = loss, share
        # XLA would compile for longer than these steps take.
        self.compile(optimizer=optimizer, jit_compile=False)

    def call(self, inputs, training=None):
        return self.hash_layer(inputs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        clusters, earlier, bits = y
        losses = []
        for number, centers in enumerate(self.clusterings):
            mu = centers.centers
            shares = memberships(self.class_wise, self.share, clusters[:, number], earlier, mu)
            losses.append(self.class_wise(shares, (y_pred, mu)))
        corners = 2.0 * ops.cast(bits, "float32") - 1.0
        outputs = y_pred
        if self.normalize:
            outputs = ops.normalize(y_pred, axis=-1) * corners.shape[-1] ** 0.5
        distance = ops.mean(ops.square(outputs - corners))
        return sum(losses) / len(losses) + self.code_weight * distance
