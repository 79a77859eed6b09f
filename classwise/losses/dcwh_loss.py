"""Deep class-wise hashing."""

import keras
from keras import ops

from classwise.losses.class_wise_loss import ClassWiseLoss, positive


@keras.saving.register_keras_serializable(package="classwise")
class DCWHLoss(ClassWiseLoss):
    """Computes the deep class-wise hashing loss of embeddings against Gaussian class centers.

    Formula, averaged over the batch, with inverse variance b = 1/sigma^2:

        class-wise = -log( exp(-b |h - mu_y|^2 / 2) / sum_c exp(-b |h - mu_c|^2 / 2) )
        cubic      = sum_k relu(|h_k| - m)           keeps h inside the cube [-m, m]^L
        vertex     = |h - sgn(h)|^2                  pulls h to its nearest vertex; sgn is constant
        loss       = class-wise + cubic_weight * cubic + vertex_weight * vertex

    `|h|^2` cancels in the posterior, which leaves the logits `b (h . mu_c - |mu_c|^2 / 2)`.
    Stage I of the paper trains with `vertex_weight=0`, stage II with a positive one.

    Args:
        inverse_variance: b, above 0. Defaults to 0.25.
        cubic_weight: eta in the paper, 0 or more. Defaults to 0.1.
        cube_margin: m, above 0; 1 in the paper. Defaults to 1.1.
        vertex_weight: lambda in the paper, 0 or more. Defaults to 0.
        reduction: as in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss.

    Raises:
        ValueError: a weight is negative, not a number or not finite.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import DCWHLoss
    >>> centers = np.array([[1.0, 1.0], [-1.0, -1.0]])
    >>> embeddings = np.array([[0.9, 1.3], [-1.0, 0.5]])
    >>> loss = DCWHLoss(inverse_variance=1.0, cubic_weight=0.1, cube_margin=1.0)
    >>> round(float(loss([0, 1], (embeddings, centers))), 4)
    0.1777

    Reference: Deep Class-Wise Hashing, arXiv 1803.04137.
    """

    def __init__(
        self,
        inverse_variance: float = 0.25,
        cubic_weight: float = 0.1,
        cube_margin: float = 1.1,
        vertex_weight: float = 0.0,
        reduction: str = "sum_over_batch_size",
        name: str = "dcwh_loss",
    ):
        super().__init__(reduction=reduction, name=name)
        self.inverse_variance = positive("inverse_variance", inverse_variance)
        self.cubic_weight = positive("cubic_weight", cubic_weight, or_zero=True)
        self.cube_margin = positive("cube_margin", cube_margin)
        self.vertex_weight = positive("vertex_weight", vertex_weight, or_zero=True)

    def logits(
        self, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        half_norms = 0.5 * ops.sum(ops.square(centers), axis=-1)
        return self.inverse_variance * (ops.matmul(embeddings, ops.transpose(centers)) - half_norms)

    def penalty(self, embeddings: keras.KerasTensor) -> keras.KerasTensor:
        outside = ops.relu(ops.abs(embeddings) - self.cube_margin)
        penalty = self.cubic_weight * ops.sum(outside, axis=-1)
        if self.vertex_weight:
            # h = 0 belongs to the vertex at -1, as it does to bit 0.
            vertices = ops.stop_gradient(ops.where(embeddings > 0, 1.0, -1.0))
            distance = ops.sum(ops.square(embeddings - vertices), axis=-1)
            penalty = penalty + self.vertex_weight * distance
        return penalty

    def get_config(self) -> dict:
        return {
            "inverse_variance": self.inverse_variance,
            "cubic_weight": self.cubic_weight,
            "cube_margin": self.cube_margin,
            "vertex_weight": self.vertex_weight,
            **super().get_config(),
        }
