"""What makes the rows of an index from images: codes, and vectors to rank again by."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.encoding.encoders import Encoder, KerasEncoder, find_encoder, open_encoder
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.search.index_folder import IndexFacts
from classwise.zoo.search.int8_embeddings import quantize

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

    Model = str | os.PathLike | Hasher

EMBEDDING, FEATURES, NONE = "embedding", "features", ""


class IndexEncoder:
    """Encodes batches of images with the model of an index.

    Args:
        encoder: from `open_encoder`.
        vectors: "embedding", "features" of the backbone, or ""; see `IndexFacts`.

    Raises:
        InputError: features are asked for, and the model is no hasher in Keras.
    """

    def __init__(self, encoder: Encoder, vectors: str):
        self.encoder, self.image_shape = encoder, encoder.image_shape
        self.code_length, self.engine = encoder.code_length, encoder.engine
        self.vectors = vectors
        if vectors == EMBEDDING and not encoder.has_embeddings:
            self.vectors = NONE
        self.both = None
        if vectors == FEATURES:
            if not isinstance(encoder, KerasEncoder):
                raise InputError(
                    f"A model in {encoder.engine} gives no features of its backbone; name the "
                    ".keras file or the preset, or index without --features."
                )
            self.both = features_and_embeddings(encoder.hasher)

    def encode(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes `codes` uint8 `[N, ceil(L / 8)]` and `vectors` int8 `[N, D]`."""
        if self.both is not None:
            features, embeddings = map(np.asarray, self.both.predict_on_batch(images))
            return {"codes": pack_codes(embeddings), "vectors": quantize(features)}
        found = self.encoder.encode_batch(images)
        nothing = np.empty((len(images), 0), np.int8)
        vectors = quantize(found["embeddings"]) if self.vectors else nothing
        return {"codes": found["codes"], "vectors": vectors}


def features_and_embeddings(hasher: Hasher):
    """Returns a Keras model that gives the features below a hasher's head, and its embeddings."""
    import keras

    images = keras.Input(hasher.image_shape, dtype="uint8")
    maps = hasher.backbone(images, training=False)
    features = hasher.pool(maps) if hasher.pool is not None else maps
    return keras.Model(images, [features, hasher.head(maps)])


def open_index_encoder(model: Model, vectors: str) -> IndexEncoder:
    """Opens a preset, a file, or a hasher that is loaded already; see `open_encoder`."""
    if isinstance(model, str | os.PathLike):
        return IndexEncoder(open_encoder(model), vectors)
    return IndexEncoder(KerasEncoder(model, identity_of(model)), vectors)


def identity_of(model: Model) -> str:
    """Returns what is the same for the same model only, without loading one that is named."""
    if isinstance(model, str | os.PathLike):
        return find_encoder(model).identity
    digest = hashlib.sha256(json.dumps(model.get_config(), sort_keys=True, default=str).encode())
    for weights in model.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


def name_of(model: Model) -> str:
    """Returns a model as an index names it, so that it is found from another folder too."""
    if not isinstance(model, str | os.PathLike):
        return ""
    found = find_encoder(model)
    here = found.path is not None and "://" not in found.name
    return str(Path(found.name).absolute()) if here else found.name


def check_model(path: Path, facts: IndexFacts, model: Model) -> None:
    """Raises `InputError` unless a model is the one that an index was made with."""
    if identity_of(model) != facts.identity:
        raise InputError(
            f"{path} was made with {facts.model or 'another hasher'}, and the codes of "
            f"{model if isinstance(model, str | os.PathLike) else 'this hasher'} are others; give "
            "that model, or make another index."
        )
