"""What turns a batch of images into codes: a Keras hasher or an ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256

if TYPE_CHECKING:
    import os

    from classwise.zoo.models.hasher import Hasher


class Encoder(Protocol):
    """Encodes batches of images; `identity` is the same for the same weights only.

    `has_embeddings` tells whether `encode_batch` returns `embeddings` beside `codes`.
    """

    image_shape: tuple[int, int, int]
    code_length: int
    identity: str
    engine: str
    has_embeddings: bool

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]: ...


class KerasEncoder:
    """Encodes batches of images with a `Hasher`."""

    engine = "Keras"
    has_embeddings = True

    def __init__(self, hasher: Hasher, identity: str = ""):
        self.hasher = hasher
        self.image_shape = hasher.image_shape
        self.code_length = hasher.code_length
        self.identity = identity

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes `codes` uint8 `[N, ceil(L / 8)]` and `embeddings` float32 `[N, L]`."""
        embeddings = np.asarray(self.hasher.predict_on_batch(images))
        return {"codes": pack_codes(embeddings), "embeddings": embeddings}


def open_encoder(
    name_or_path: str | os.PathLike,
    providers: Sequence[str] | None = None,
    require_provider: bool = False,
) -> Encoder:
    """Opens a preset, a `.keras` file or an `.onnx` file.

    Args:
        name_or_path: which one.
        providers: names of ONNX Runtime's execution providers, the most wanted first; for an
            ONNX file only. Defaults to the CPU.
        require_provider: whether the first of them must run. Defaults to False.

    Raises:
        InputError: no such model, a damaged one, or providers for a model that has none.
    """
    path = Path(name_or_path)
    if path.suffix == ".onnx":
        from classwise.zoo.encoding.onnx_encoder import OnnxEncoder

        return OnnxEncoder(name_or_path, providers or ("cpu",), require_provider)
    if path.suffix not in ("", ".keras") or path.is_dir():
        raise InputError(
            f"{path} cannot encode; give a preset's name, a .keras file, or an .onnx file that "
            "`classwise export` wrote."
        )
    if providers or require_provider:
        raise InputError(
            f"{name_or_path} runs in Keras, which knows no execution providers; export it with "
            "`classwise export` and encode with the ONNX file."
        )

    from classwise.zoo.presets import get_preset
    from classwise.zoo.presets.load import load_any

    hasher = load_any(name_or_path)
    path = Path(name_or_path)
    if path.is_file():
        return KerasEncoder(hasher, sha256(path))
    files = get_preset(str(name_or_path)).files
    return KerasEncoder(hasher, " ".join(file.sha256 for file in files))
