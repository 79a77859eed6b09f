"""Directional-statistics metric learning with von Mises-Fisher classes."""

import keras
from keras import ops

from classwise.losses.class_wise_loss import ClassWiseLoss, positive


@keras.saving.register_keras_serializable(package="classwise")
class VonMisesFisherLoss(ClassWiseLoss):
    """Computes the von Mises-Fisher loss of unit embeddings against mean directions.

    Formula, averaged over the batch, with z = h / |h|:

        loss = -log( exp(kappa mu_y . z) / sum_c exp(kappa mu_c . z) )

    One fixed concentration kappa serves all classes, so the normalizer of the distribution
    cancels. Embeddings are normalized here too, which changes nothing for unit embeddings and lets
    the loss be called on raw ones; a zero embedding stays zero.

    Args:
        concentration: kappa, above 0. Defaults to 15.
        reduction: as in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss.

    Raises:
        ValueError: the concentration is not a finite number above 0.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import VonMisesFisherLoss
    >>> centers = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> embeddings = np.array([[0.8, 0.6], [0.0, 1.0]])
    >>> round(float(VonMisesFisherLoss(concentration=2.0)([0, 1], (embeddings, centers))), 4)
    0.32

    Reference: Directional Statistics-based Deep Metric Learning, arXiv 1802.09662.
    """

    normalize = True

    def __init__(
        self,
        concentration: float = 15.0,
        reduction: str = "sum_over_batch_size",
        name: str = "von_mises_fisher_loss",
    ):
        super().__init__(reduction=reduction, name=name)
        self.concentration = positive("concentration", concentration)

    def logits(
        self, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        directions = ops.normalize(embeddings, axis=-1)
        return self.concentration * ops.matmul(directions, ops.transpose(centers))

    def get_config(self) -> dict:
        return {"concentration": self.concentration, **super().get_config()}
