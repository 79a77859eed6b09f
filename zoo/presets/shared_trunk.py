"""Several hashers on one trunk: their images pass through it only once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from classwise.zoo.codes import pack_codes
from classwise.zoo.datasets.protocols import ProtocolImages
from classwise.zoo.encoders import KerasEncoder
from classwise.zoo.errors import InputError
from classwise.zoo.evaluation import EncodedSets, encode_protocol
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets.weight_files import same_weights


def encode_together(
    hashers: Sequence[Hasher],
    images: ProtocolImages,
    progress: Callable[[int], None] | None = None,
) -> list[EncodedSets]:
    """Returns of every hasher what `encode_protocol` does, at the cost of one.

    The hash layers are put side by side, as one of many bits.

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
    kernels, biases = zip(*(hasher.hash_layer.get_weights() for hasher in hashers), strict=True)
    bits = sum(hasher.code_length for hasher in hashers)
    joint = Hasher(first.backbone, bits, first.num_classes)
    joint.hash_layer.set_weights([np.concatenate(kernels, axis=1), np.concatenate(biases)])
    every = encode_protocol(KerasEncoder(joint), images, progress)
    found, stop = [], 0
    for hasher in hashers:
        start, stop = stop, stop + hasher.code_length
        queries = finished(hasher, every.query_embeddings[:, start:stop])
        database = finished(hasher, every.database_embeddings[:, start:stop])
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
                normalize=hasher.normalize,
            )
        )
    return found


def finished(hasher: Hasher, embeddings: np.ndarray) -> np.ndarray:
    """Returns what a hasher makes of its hash layer's output."""
    if hasher.unit_length is None:
        return embeddings
    return ops.convert_to_numpy(hasher.unit_length(embeddings))
