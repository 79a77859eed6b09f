"""An encoder that keeps, beside codes, what baselines are made of."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

import numpy as np

from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.evaluation.baselines.perceptual_hash import perceptual_hashes

FEATURES, PERCEPTUAL_HASHES = "features", "perceptual_hashes"


class EncoderWithMaterial:
    """Encodes as another encoder does; images pass through the trunk only once.

    Args:
        encoder: from `open_encoder`; one of an exported file has no features to give.
    """

    identity = ""

    def __init__(self, encoder: Encoder):
        self.encoder = encoder
        self.hasher = getattr(encoder, "hasher", None)
        self.image_shape = encoder.image_shape
        self.code_length = encoder.code_length
        self.engine = encoder.engine
        self.has_embeddings = encoder.has_embeddings
        self.has_perceptual_hashes = importlib.util.find_spec("imagehash") is not None

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes what the other encoder does, `features` and `perceptual_hashes`."""
        if self.hasher is None:
            found = self.encoder.encode_batch(images)
        else:
            found = self._from_features(images)
        if self.has_perceptual_hashes:
            found[PERCEPTUAL_HASHES] = perceptual_hashes(images)
        return found

    @staticmethod
    def material(encoded: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what of the joined batches is neither code nor embedding."""
        return {key: encoded[key] for key in (FEATURES, PERCEPTUAL_HASHES) if key in encoded}

    def _from_features(self, images: np.ndarray) -> dict[str, np.ndarray]:
        from keras import ops

        features = self.hasher.backbone.predict_on_batch(images)
        embeddings = ops.convert_to_numpy(self.hasher.head(features))
        features = np.asarray(features, np.float32)
        pooled = features.mean(axis=(1, 2)) if features.ndim == 4 else features
        return {**self.encoder.of_embeddings(embeddings), FEATURES: pooled}
