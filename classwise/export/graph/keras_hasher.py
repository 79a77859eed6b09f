"""A hasher in Keras, on whichever backend runs: what every export is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classwise.export.graph.class_scores import class_scores, has_scores
from classwise.export.graph.float32 import in_float32
from classwise.export.graph.model import Model, Signature, Tensor
from classwise.export.graph.signature import BATCH, INPUT

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def keras_model(hasher: Hasher, source: str = "hasher", size: int | None = None) -> Model:
    """Returns a hasher as a `Model` with one signature.

    It computes in float32, as exports do, whatever policy the hasher was built under. It gives no
    `code`: the bits that count as right are numpy.packbits of the embedding.
    """
    import keras

    hasher = in_float32(hasher)
    outputs = {"embedding": Tensor("float32", (BATCH, hasher.code_length))}
    if has_scores(hasher):
        outputs["scores"] = Tensor("float32", (BATCH, hasher.num_classes))

    def run(images: np.ndarray) -> dict[str, np.ndarray]:
        embedding = keras.ops.cast(hasher(images, training=False), "float32")
        results = {"embedding": embedding}
        if "scores" in outputs:
            results["scores"] = class_scores(hasher, embedding)
        return {name: keras.ops.convert_to_numpy(value) for name, value in results.items()}

    inputs = {INPUT: Tensor("uint8", (BATCH, *hasher.image_shape))}
    engine = f"Keras {keras.__version__} ({keras.backend.backend()})"
    return Model(source, engine, [Signature("", inputs, outputs, run)], size)
