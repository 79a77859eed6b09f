"""The posterior loss that both class-wise methods share."""

import numbers
import operator
import sys

import keras
import numpy as np
from keras import ops


def class_targets(labels, num_classes: int):
    """Computes the target distribution over classes, float32 `[B, C]`.

    Integer labels, `[B]` or `[B, 1]`, become one-hot rows. Multi-hot (or soft) labels `[B, C]` are
    divided by their row sum, which makes the target uniform over an image's labels; an image
    without any label gets a row of zeros, and so contributes nothing. An id that is no class gets a
    row of NaN: the loss shows it, where a compiled step can't raise.
    """
    labels = ops.convert_to_tensor(labels)
    if len(labels.shape) == 2 and labels.shape[-1] != 1:
        labels = ops.cast(labels, "float32")
        total = ops.sum(labels, axis=-1, keepdims=True)
        return labels / ops.where(total > 0, total, ops.ones_like(total))
    class_ids = ops.cast(ops.reshape(labels, (-1,)), "int32")
    a_class = ops.logical_and(class_ids >= 0, class_ids < num_classes)
    targets = ops.one_hot(ops.where(a_class, class_ids, 0), num_classes, dtype="float32")
    return ops.where(ops.expand_dims(a_class, -1), targets, np.nan)


def class_membership(labels, num_classes: int):
    """Computes to which classes an image belongs, 0 or 1, float32 `[B, C]`.

    All classes of multi-hot labels; of soft ones, as of label smoothing, MixUp and CutMix, those of
    the largest share: the others tell how sure a label is, not what the image shows.
    """
    targets = class_targets(labels, num_classes)
    largest = ops.max(targets, axis=-1, keepdims=True)
    return ops.cast(ops.logical_and(targets == largest, targets > 0), "float32")


def positive(name: str, value: float, *, or_zero: bool = False) -> float:
    """Returns a real number of any type as a plain float.

    Raises:
        ValueError: it is not finite, or not above zero (or at it, with `or_zero`).
    """
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    # An integer may be too large for a float.
    if not number or not 0 <= value <= sys.float_info.max or (value == 0 and not or_zero):
        bound = "0 or more" if or_zero else "above 0"
        raise ValueError(f"{name} is {value!r}; it must be a finite number {bound}.")
    return float(value)


def whole(name: str, value: int, minimum: int) -> int:
    """Returns an integer of any type as a plain int.

    Raises:
        ValueError: it is not an integer, or below `minimum`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < minimum:
        raise ValueError(f"{name} is {value!r}; it must be an integer, at least {minimum}.")
    return number


@keras.saving.register_keras_serializable(package="classwise")
class ClassWiseLoss(keras.losses.Loss):
    """Computes the negative log posterior of an image's class, given its embedding.

    Formula:

        loss_i = - sum_c t_ic log softmax_c(logits(h_i, mu)) + penalty(h_i)

    where `h` are the embeddings `[B, L]`, `mu` the class centers `[C, L]` and `t` the target
    distribution: one-hot for integer labels; for multi-hot labels uniform over an image's labels
    (our reading of the multi-label extension of DCWH, which the paper does not spell out); soft
    labels, as of MixUp, CutMix and label smoothing, are such a distribution.

    A subclass defines `logits`, and may define `penalty`, or another `class_wise` part. `y_pred` is
    the pair `(embeddings, centers)`: a loss object is plain configuration, the centers belong to
    the model, and no gradient flows into them. Everything is computed in float32, whatever the
    dtype policy: labels pass through that dtype too, and float16 would merge class ids above 2,048.

    Args:
        reduction: as in `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss.

    Raises:
        ValueError: `y_pred` is not such a pair, or labels and centers disagree about C.

    Reference: arXiv 1803.04137; arXiv 1802.09662.
    """

    #: Whether embeddings and class centers must have unit length.
    normalize = False
    #: Whether class centers stay as they were drawn: `CenterUpdate` then leaves them.
    fixed_centers = False

    def __init__(self, reduction="sum_over_batch_size", name=None):
        super().__init__(name=name, reduction=reduction, dtype="float32")

    def logits(self, embeddings, centers):
        """Computes the unnormalized log posterior of every class, `[B, C]`."""
        raise NotImplementedError(f"{type(self).__name__} must define logits().")

    def class_wise(self, labels, embeddings, centers):
        """Computes the loss of every image but for the penalty, `[B]`."""
        log_posterior = ops.log_softmax(self.logits(embeddings, centers), axis=-1)
        return -ops.sum(class_targets(labels, centers.shape[0]) * log_posterior, axis=-1)

    def penalty(self, embeddings):
        """Computes what is added to every image's loss, `[B]`, or returns None for nothing."""
        return None

    def call(self, y_true, y_pred):
        """Computes the loss of every image, `[B]`."""
        if not isinstance(y_pred, tuple | list) or len(y_pred) != 2:
            raise ValueError(
                f"{type(self).__name__} needs (embeddings, centers) as predictions: train a "
                "classwise.zoo.Hasher with it, or call loss(labels, (embeddings, centers))."
            )
        embeddings, centers = y_pred
        y_true = ops.convert_to_tensor(y_true)
        num_classes = centers.shape[0]
        if len(y_true.shape) == 2 and y_true.shape[-1] not in (1, num_classes):
            raise ValueError(
                f"Labels have {y_true.shape[-1]} columns but there are {num_classes} class "
                "centers; give integer labels [B] or multi-hot labels [B, C]."
            )
        losses = self.class_wise(y_true, embeddings, ops.stop_gradient(centers))
        penalty = self.penalty(embeddings)
        return losses if penalty is None else losses + penalty
