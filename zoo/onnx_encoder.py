"""An exported hasher in ONNX Runtime: images in, codes out, without Keras and TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.codes import pack_codes
from classwise.zoo.errors import InputError
from classwise.zoo.files import sha256
from classwise.zoo.onnx_session import open_session, running_provider

if TYPE_CHECKING:
    import os

INPUT_TYPE = "tensor(uint8)"
OUTPUTS = {"embedding", "code"}


class OnnxEncoder:
    """Encodes batches of images with an ONNX file that `classwise export` wrote.

    Args:
        path: the file.
        providers, require_provider: see `open_session`.

    Attributes:
        image_shape: (height, width, channels) of the images that it takes.
        code_length: bits of a code.
        identity: SHA-256 of the file.
        engine: the runtime and the execution provider that really runs.
        has_embeddings: whether the file gives embeddings as well as codes.

    Raises:
        InputError: the file is damaged, of another project, or has other inputs and outputs; a
            required provider does not run.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        providers: Sequence[str] = ("cpu",),
        require_provider: bool = False,
    ):
        self.session = open_session(path, providers, require_provider)
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        self.outputs = [output.name for output in outputs if output.name in OUTPUTS]
        if len(inputs) != 1 or inputs[0].type != INPUT_TYPE or len(inputs[0].shape) != 4:
            found = ", ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
            raise InputError(
                f"{path} takes {found or 'nothing'}; a hasher exported by classwise takes images "
                f"{INPUT_TYPE} [batch, height, width, channels]."
            )
        if not self.outputs:
            raise InputError(
                f"{path} gives {', '.join(o.name for o in outputs)}; a hasher exported by "
                "classwise gives embedding, code, or both."
            )
        self.fixed_batch, *self.image_shape = inputs[0].shape
        self.image_shape = tuple(self.image_shape)
        self.has_embeddings = "embedding" in self.outputs
        properties = self.session.get_modelmeta().custom_metadata_map
        widths = {output.name: output.shape[-1] for output in outputs}
        self.code_length = int(
            properties.get("code_length") or widths.get("embedding") or 8 * widths["code"]
        )
        self.identity = sha256(path)
        self.engine = f"ONNX Runtime on {running_provider(self.session)}"

    def encode_batch(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes `codes` uint8 `[N, ceil(L / 8)]`, and `embeddings` `[N, L]` if it has them."""
        results = [self._run(part) for part in self._parts(images)]
        found = {
            name: np.concatenate([result[name] for result in results])[: len(images)]
            for name in self.outputs
        }
        codes = found["code"] if "code" in found else pack_codes(found["embedding"])
        return {"codes": codes} | (
            {"embeddings": found["embedding"]} if self.has_embeddings else {}
        )

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        feed = {self.session.get_inputs()[0].name: images}
        return dict(zip(self.outputs, self.session.run(self.outputs, feed), strict=True))

    def _parts(self, images: np.ndarray) -> list[np.ndarray]:
        """Cuts images to a file's fixed batch, the last one filled up with its own images."""
        size = self.fixed_batch
        if not isinstance(size, int):
            return [images]
        parts = [images[start : start + size] for start in range(0, len(images), size)]
        parts[-1] = np.resize(parts[-1], (size, *images.shape[1:]))
        return parts
