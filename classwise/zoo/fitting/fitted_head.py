"""What a fitting gives: a head of features, to use alone or on its trunk."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from classwise.losses import ClassWiseLoss
from classwise.zoo.fitting.linear_head import LinearHead
from classwise.zoo.fitting.teacher import unit_length
from classwise.zoo.foundation.codes import pack_codes

if TYPE_CHECKING:
    import keras

    from classwise.zoo.models.hasher import Hasher


@dataclasses.dataclass(frozen=True)
class FittedHead:
    """A linear head whose signs are codes.

    Args:
        head: of the features.
        loss: that it was learned with.
        centers: of the groups of the coarsest clustering, float32 `[K, L]`.
        cluster_counts: of all clusterings.
    """

    head: LinearHead
    loss: ClassWiseLoss
    centers: np.ndarray
    cluster_counts: tuple[int, ...]

    @property
    def code_length(self) -> int:
        return len(self.head.bias)

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Computes embeddings of features `[N, D]`, float32 `[N, L]`."""
        outputs = self.head.outputs(features)
        return unit_length(outputs) if self.loss.normalize else outputs

    def encode(self, features: np.ndarray) -> np.ndarray:
        """Computes packed codes of features `[N, D]`, uint8 `[N, ceil(L / 8)]`."""
        return pack_codes(self.embed(features))

    def on(self, trunk: keras.Model) -> Hasher:
        """Returns a hasher of images: the trunk that gave the features, and the head.

        Its class centers are those of the photos' groups. It is compiled with the loss, so that it
        goes on training with labels as any hasher does.
        """
        from classwise.zoo.models.hasher import Hasher

        names = [f"group {number}" for number in range(len(self.centers))]
        hasher = Hasher(
            trunk,
            self.code_length,
            len(names),
            normalize=self.loss.normalize,
            class_names=names,
            batch_norm="inference",
        )
        hasher.hash_layer.set_weights([self.head.kernel, self.head.bias])
        hasher.class_centers.centers.assign(self.centers)
        hasher.compile(optimizer="adamw", loss=self.loss, metrics=["accuracy"])
        return hasher
