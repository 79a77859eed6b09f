"""What turns a batch of images into codes: a Keras hasher or an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.presets.find_model import PRESET, PRESET_FOLDER, FoundModel, read_model
from classwise.zoo.presets.foreign import ForeignImages
from classwise.zoo.presets.registry import get_preset

if TYPE_CHECKING:
    import os

    from classwise.zoo.models.hasher import Hasher

KERAS_MODELS = (PRESET, ".keras", PRESET_FOLDER)


class Encoder(Protocol):
    """Encodes batches of images; `identity` is the same for the same weights only.

    `has_embeddings` tells whether `encode_batch` returns `embeddings` beside `codes`, and `foreign`
    what adds to them how foreign images look; None, or no such attribute, where nothing does.
    """

    image_shape: tuple[int, int, int]
    code_length: int
    identity: str
    engine: str
    has_embeddings: bool

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]: ...


class KerasEncoder:
    """Encodes batches of images with a `Hasher`.

    Args:
        hasher: the model.
        identity: what is the same for the same weights only.
        foreign: what tells how foreign images look to the hasher. Defaults to None: nothing does.
    """

    engine = "Keras"
    has_embeddings = True

    def __init__(self, hasher: Hasher, identity: str = "", foreign: ForeignImages | None = None):
        self.hasher = hasher
        self.foreign = foreign
        self.image_shape = hasher.image_shape
        self.code_length = hasher.code_length
        self.identity = identity

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes `codes` uint8 `[N, ceil(L / 8)]` and `embeddings` float32 `[N, L]`.

        And `foreign` float32 `[N]`, how foreign images look, where that can be told.
        """
        return self.of_embeddings(np.asarray(self.hasher.predict_on_batch(images)))

    def of_embeddings(self, embeddings: np.ndarray) -> dict[str, np.ndarray]:
        """Returns what `encode_batch` does, given the embeddings."""
        found = {"codes": pack_codes(embeddings), "embeddings": embeddings}
        return (
            found if self.foreign is None else found | {"foreign": self.foreign.scores(embeddings)}
        )


def open_encoder(
    name_or_path: str | os.PathLike,
    providers: Sequence[str] | None = None,
    require_provider: bool = False,
) -> Encoder:
    """Opens a preset, a hasher of one's own, or an `.onnx` file.

    Args:
        name_or_path: as `zoo.load` takes it, or the path or the URL of an `.onnx` file.
        providers: names of ONNX Runtime's execution providers, the most wanted first; for an
            ONNX file only. Defaults to the CPU.
        require_provider: whether the first of them must run. Defaults to False.

    Raises:
        InputError: no such model, a damaged one, or providers for a model that has none.
    """

    def onnx(found: FoundModel) -> Encoder:
        from classwise.zoo.encoding.onnx_encoder import OnnxEncoder

        return OnnxEncoder(found.path, providers or ("cpu",), require_provider)

    def keras(found: FoundModel) -> Encoder:
        if providers or require_provider:
            raise InputError(
                f"{found.name} runs in Keras, which knows no execution providers; export it with "
                "`classwise export` and encode with the ONNX file."
            )
        from classwise.zoo.presets.load import load

        hasher = load(found.path or found.name)
        told = get_preset(found.name) if found.kind == PRESET else None
        foreign = ForeignImages(told, hasher) if told and told.tells_foreign else None
        return KerasEncoder(hasher, found.identity, foreign)

    return read_model(name_or_path, {**dict.fromkeys(KERAS_MODELS, keras), ".onnx": onnx})


def find_encoder(name_or_path: str | os.PathLike) -> FoundModel:
    """Returns what `open_encoder` would open, without the time that takes; errors as there."""
    return read_model(name_or_path, dict.fromkeys((*KERAS_MODELS, ".onnx"), lambda found: found))
