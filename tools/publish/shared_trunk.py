"""Several hashers on one trunk: their images pass through it only once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from classwise.zoo.datasets.protocols import ProtocolImages
from classwise.zoo.evaluation.evaluate import EncodedSets, encode_protocol
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import nearest_center_distance
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.presets.weight_files import same_weights


class JointEncoder:
    """Encodes batches of images with hashers on one trunk, as one of all their bits."""

    engine = "Keras"
    identity = ""
    has_embeddings = True

    def __init__(self, hashers: Sequence[Hasher]):
        self.hashers = hashers
        self.image_shape = hashers[0].image_shape
        self.code_length = sum(hasher.code_length for hasher in hashers)

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes codes and embeddings as `KerasEncoder` does, the hashers' side by side."""
        features = self.hashers[0].backbone.predict_on_batch(images)
        found = [ops.convert_to_numpy(hasher.head(features)) for hasher in self.hashers]
        embeddings = np.concatenate(found, axis=1)
        return {"codes": pack_codes(embeddings), "embeddings": embeddings}


def encode_together(
    hashers: Sequence[Hasher],
    images: ProtocolImages,
    progress: Callable[[int], None] | None = None,
) -> list[EncodedSets]:
    """Returns of every hasher what `encode_protocol` does, at the cost of one.

    Args:
        hashers: one or more, whose backbones have the same weights.
        images: of a protocol.
        progress: called with the number of images of every batch done.

    Raises:
        InputError: the backbones differ, or the size of their images.
    """
    first = hashers[0]
    for other in hashers[1:]:
        if first.image_shape != other.image_shape or not same_weights(
            first.backbone, other.backbone
        ):
            raise InputError(
                "Hashers on different trunks cannot be encoded together; encode each alone."
            )
    every = encode_protocol(JointEncoder(hashers), images, progress)
    found, stop = [], 0
    for hasher in hashers:
        start, stop = stop, stop + hasher.code_length
        queries = every.query_embeddings[:, start:stop]
        database = every.database_embeddings[:, start:stop]
        known = hasher.class_names == images.queries.class_names
        found.append(
            dataclasses.replace(
                every,
                query_codes=pack_codes(queries),
                database_codes=pack_codes(database),
                code_length=hasher.code_length,
                query_embeddings=queries,
                database_embeddings=database,
                centers=np.asarray(hasher.class_centers.get_centers()) if known else None,
                distance=nearest_center_distance(hasher),
            )
        )
    return found
