"""OrthoHash: one cosine loss against fixed orthogonal binary targets."""

import keras
from keras import ops

from classwise.losses.class_wise_loss import (
    ClassWiseLoss,
    class_membership,
    class_targets,
    positive,
)


@keras.saving.register_keras_serializable(package="classwise")
class OrthoHashLoss(ClassWiseLoss):
    """Computes the OrthoHash loss: cross-entropy of cosines to fixed binary targets, with a margin.

    Formula, averaged over the batch, with z = h / |h|, unit targets o_c = mu_c / |mu_c|, and t the
    target distribution over classes (`ClassWiseLoss`):

        cosine_c = o_c . z - margin [image is of class c]
        loss     = - sum_c t_c log( exp(scale cosine_c) / sum_j exp(scale cosine_j) )

    The targets are rows of a Hadamard matrix where there are enough of them, else well separated
    vertices, and are never re-estimated: `Hasher(..., normalize=True,
    initial_centers="hadamard")`. With several labels an image, the margin is taken off all of them
    and the target is uniform, which the paper calls label smoothing. The paper also normalizes
    outputs over the batch before the cosine, for balanced bits; that is a layer, not a loss, and is
    left out here.

    Args:
        scale: s, above 0. Defaults to 8, as in the authors' code.
        margin: m, 0 or more. Defaults to 0.2, as in the authors' code.
        reduction: as in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss.

    Raises:
        ValueError: a setting is not a finite number in its range.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import OrthoHashLoss
    >>> targets = np.array([[1.0, 1.0], [1.0, -1.0]])
    >>> embeddings = np.array([[3.0, 3.0], [2.0, -0.5]])
    >>> round(float(OrthoHashLoss(scale=2.0, margin=0.5)([0, 1], (embeddings, targets))), 4)
    0.5878

    Reference: One Loss for All: Deep Hashing with a Single Cosine Similarity based Learning
    Objective, arXiv 2109.14449.
    """

    normalize = True
    fixed_centers = True

    def __init__(
        self,
        scale: float = 8.0,
        margin: float = 0.2,
        reduction: str = "sum_over_batch_size",
        name: str = "ortho_hash_loss",
    ):
        super().__init__(reduction=reduction, name=name)
        self.scale = positive("scale", scale)
        self.margin = positive("margin", margin, or_zero=True)

    def logits(
        self, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        directions = ops.normalize(embeddings, axis=-1)
        targets = ops.normalize(centers, axis=-1)
        return self.scale * ops.matmul(directions, ops.transpose(targets))

    def class_wise(
        self, labels, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        own = class_membership(labels, centers.shape[0])
        logits = self.logits(embeddings, centers) - self.scale * self.margin * own
        targets = class_targets(labels, centers.shape[0])
        return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)

    def get_config(self) -> dict:
        return {"scale": self.scale, "margin": self.margin, **super().get_config()}
