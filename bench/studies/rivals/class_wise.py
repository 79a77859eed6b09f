"""The class-wise losses of this package as criteria of the study."""

import dataclasses
import functools

from keras import ops

from bench.studies.rivals.criterion import Criterion
from classwise.losses import ClassCenters
from classwise.zoo.methods import build_loss, get_method


@functools.cache
def loss_of(method: str, settings: tuple):
    return build_loss(method, dict(settings))


@dataclasses.dataclass(frozen=True)
class ClassWise(Criterion):
    """Computes a class-wise loss of embeddings and class centers, as `Hasher` trains by it.

    Args:
        method: one of `METHODS`.
        settings: of its loss, pairs of name and value.
        later: settings that hold from the middle of the epochs on, as DCWH's stage II.
    """

    method: str
    settings: tuple = ()
    later: tuple = ()

    @property
    def moves_centers(self) -> bool:
        return not get_method(self.method).fixed_centers

    def centers(self, num_classes, code_length, seed):
        entry = get_method(self.method)
        drawn = num_classes, code_length, entry.unit_length, seed, entry.initial_centers
        return ClassCenters(*drawn).get_centers()

    def embedding(self, outputs):
        if not get_method(self.method).unit_length:
            return outputs
        return ops.normalize(outputs, axis=-1)

    def loss(self, labels, embeddings, weights, centers, progress):
        found = loss_of(self.method, self.settings)(labels, (embeddings, centers))
        if not self.later:
            return found
        stage_two = loss_of(self.method, self.settings + self.later)
        return ops.where(progress < 0.5, found, stage_two(labels, (embeddings, centers)))

    def estimated(self, sums, counts, centers):
        """Computes centers from class sums `[C, L]` and counts `[C]`, as `ClassCenters` does."""
        divisor = counts[:, None]
        if get_method(self.method).unit_length:
            divisor = ops.norm(sums, axis=-1, keepdims=True)
        known = divisor > 0
        return ops.where(known, sums / ops.where(known, divisor, 1.0), centers)
