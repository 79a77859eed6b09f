"""Central similarity quantization: every bit is drawn to that of the image's hash center."""

import keras
from keras import ops

from classwise.losses.class_wise_loss import ClassWiseLoss, class_targets, positive


@keras.saving.register_keras_serializable(package="classwise")
class CSQLoss(ClassWiseLoss):
    """Computes the central similarity loss: cross-entropy of bits to a fixed hash center.

    Formula, averaged over the batch, with the output y = tanh(h), bits p = (1 + y) / 2, and t the
    bits, 0 or 1, of the image's center:

        central      = - mean_k ( t_k log p_k + (1 - t_k) log(1 - p_k) )
        quantization = mean_k (|y_k| - 1)^2
        loss         = central + quantization_weight * quantization

    The center of an image with several labels has the bits that most of their centers have; a bit
    with as many ones as zeros is drawn at random in the paper, and is 1/2 here, which is the mean
    over such draws. Bits of centers are 1 where they are above 0: centers are rows of a Hadamard
    matrix where there are enough of them, else well separated vertices, and are never re-estimated
    (`Hasher(..., initial_centers="hadamard")`).

    Given bits that are independent, p_k likely, the posterior of center c is softmax of h . sgn(c):
    these are the logits, by which the nearest center is scored. The authors' code can add a
    pairwise term, which is not part of the paper's objective.

    Args:
        quantization_weight: lambda, 0 or more. Defaults to 0.05, as in the authors' code.
        reduction: as in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss.

    Raises:
        ValueError: the weight is not a finite number of 0 or more.

    Example:

    >>> import numpy as np
    >>> from classwise.losses import CSQLoss
    >>> centers = np.array([[1.0, 1.0], [1.0, -1.0]])
    >>> embeddings = np.array([[1.0, 0.5], [0.5, -2.0]])
    >>> round(float(CSQLoss(quantization_weight=0.0)([0, 1], (embeddings, centers))), 4)
    0.1929

    Reference: Central Similarity Quantization for Efficient Image and Video Retrieval, arXiv
    1908.00347.
    """

    fixed_centers = True

    def __init__(
        self,
        quantization_weight: float = 0.05,
        reduction: str = "sum_over_batch_size",
        name: str = "csq_loss",
    ):
        super().__init__(reduction=reduction, name=name)
        self.quantization_weight = positive(
            "quantization_weight", quantization_weight, or_zero=True
        )

    def logits(
        self, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        vertices = ops.where(centers > 0, 1.0, -1.0)
        return ops.matmul(embeddings, ops.transpose(vertices))

    def class_wise(
        self, labels, embeddings: keras.KerasTensor, centers: keras.KerasTensor
    ) -> keras.KerasTensor:
        targets = class_targets(labels, centers.shape[0])
        # The sign of the sum of the labels' vertices, 0 where it is a draw; sums of shares are
        # rounded, so that a draw is not decided by their last digit.
        votes = ops.matmul(targets, ops.where(centers > 0, 1.0, -1.0))
        center = ops.where(ops.abs(votes) < 1e-4, 0.0, ops.sign(votes))
        # -log p_k = softplus(-2 h_k), for p_k = (1 + tanh h_k) / 2 = sigmoid(2 h_k).
        toward, away = ops.softplus(-2.0 * embeddings), ops.softplus(2.0 * embeddings)
        central = ops.mean((1.0 + center) / 2 * toward + (1.0 - center) / 2 * away, axis=-1)
        labeled = ops.sum(targets, axis=-1)  # NaN of an id that is no class
        return ops.where(labeled > 0, central, labeled)

    def penalty(self, embeddings: keras.KerasTensor) -> keras.KerasTensor | None:
        if not self.quantization_weight:
            return None
        short = ops.abs(ops.tanh(embeddings)) - 1.0
        return self.quantization_weight * ops.mean(ops.square(short), axis=-1)

    def get_config(self) -> dict:
        return {"quantization_weight": self.quantization_weight, **super().get_config()}
