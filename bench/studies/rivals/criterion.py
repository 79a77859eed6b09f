"""What a head is trained by: an objective, with weights of its own where it needs them."""

import abc

import numpy as np
from keras import ops


class Criterion(abc.ABC):
    """An objective of outputs `[B, L]` of the hash layer; subclasses are frozen dataclasses.

    Two of the same settings are equal, so that what was compiled for one serves the other.
    """

    #: Whether class centers are re-estimated after every epoch.
    moves_centers = False

    def weights(self, num_classes: int, code_length: int, random: np.random.Generator) -> dict:
        """Draws what is trained beside the head, arrays by name."""
        return {}

    def centers(self, num_classes: int, code_length: int, seed: int) -> np.ndarray:
        """Draws what is not trained by gradient, `[C, L]`."""
        return np.zeros((num_classes, code_length), np.float32)

    def embedding(self, outputs):
        """Computes embeddings, whose signs are the code, of the hash layer's outputs."""
        return outputs

    @abc.abstractmethod
    def loss(self, labels, embeddings, weights: dict, centers, progress):
        """Computes the loss of a batch, a number.

        Args:
            labels: class ids, int `[B]`.
            embeddings: float `[B, L]`.
            weights: as `weights` draws them.
            centers: float `[C, L]`.
            progress: from 0 in the first epoch to 1 in the last.
        """


def signs(embeddings):
    """Computes 1 where a bit is set and -1 elsewhere, through which no gradient flows."""
    return ops.stop_gradient(ops.where(embeddings > 0, 1.0, -1.0))


def cross_entropy(labels, logits, smoothing: float = 0.0):
    """Computes the mean cross-entropy of logits `[B, C]`, with smoothed labels."""
    classes = logits.shape[-1]
    targets = ops.one_hot(labels, classes, dtype="float32") * (1 - smoothing) + smoothing / classes
    return -ops.mean(ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1))


def glorot(rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
    """Draws a matrix as Keras's dense layers do, float32."""
    limit = np.sqrt(6 / (rows + columns))
    return random.uniform(-limit, limit, (rows, columns)).astype(np.float32)
