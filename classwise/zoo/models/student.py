"""A hasher that learns from a teacher's embeddings, beside the labels."""

import keras
from keras import ops

from classwise.zoo.models.hasher import Hasher


@keras.saving.register_keras_serializable(package="classwise")
class Student(Hasher):
    """A hasher that learns an image's class and what a teacher's embedding of the image is.

    Formula, averaged over the batch, with embeddings h and the teacher's t:

        loss = class-wise loss + weight * |h - t|^2

    Its targets are pairs (labels, embeddings) to train by, and labels alone to be scored by.

    Args:
        weight: of the distance to the teacher's embedding, above 0.
        arguments: those of `Hasher`.

    Reference: FitNets, arXiv 1412.6550, whose hints are the teacher's features.
    """

    def __init__(self, *arguments, weight, **options):
        super().__init__(*arguments, **options)
        self.weight = weight

    def _checked(self, x, y, *limits, **options):
        return x, y

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        labels, taught = labels_and_taught(y)
        loss = super().compute_loss(x, labels, y_pred, sample_weight, training)
        if taught is None:
            return loss
        distances = ops.sum(ops.square(y_pred - taught), axis=-1)
        return loss + self.weight * ops.mean(distances)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, labels_and_taught(y)[0], y_pred, sample_weight)

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


def labels_and_taught(targets):
    """Returns labels and the teacher's embeddings, the latter None where there are labels only."""
    return targets if isinstance(targets, tuple | list) else (targets, None)
