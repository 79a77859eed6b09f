"""Accuracy where an image has several labels."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="classwise")
class AnyLabelAccuracy(keras.metrics.Mean):
    """Computes how often the class with the largest logit is one of an image's labels.

    Images without labels do not count.

    Args:
        name: of the metric. Defaults to `"any_label_accuracy"`.
        dtype: as in `keras.metrics.Metric`.

    Example:

    >>> import numpy as np
    >>> accuracy = AnyLabelAccuracy()
    >>> labels, logits = np.array([[1, 1, 0], [0, 0, 1], [0, 0, 0]]), np.eye(3)
    >>> accuracy.update_state(labels, logits)
    >>> float(accuracy.result())
    0.5
    """

    def __init__(self, name="any_label_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = ops.cast(y_true, "float32")
        largest = ops.one_hot(ops.argmax(y_pred, axis=-1), labels.shape[-1], dtype="float32")
        labeled = ops.cast(ops.any(labels > 0, axis=-1), "float32")
        right = ops.cast(ops.sum(labels * largest, axis=-1) > 0, "float32")
        if sample_weight is not None:
            labeled = labeled * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return super().update_state(right, labeled)
