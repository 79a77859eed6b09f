"""An exported hasher in ONNX Runtime: images in, codes out, without Keras and TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.encoding.onnx_session import open_session, running_provider
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256

if TYPE_CHECKING:
    import os

    import onnxruntime

IMAGES = "tensor(uint8)"
OUTPUTS = {"embedding": "tensor(float)", "code": "tensor(uint8)"}


class OnnxEncoder:
    """Encodes batches of images with an ONNX file that `classwise export` wrote.

    Args:
        path: the file.
        providers, require_provider, threads: see `open_session`.

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
        threads: int | None = None,
    ):
        # The next images are decoded meanwhile, and need the processor too.
        self.session = open_session(
            path, providers, require_provider, spinning=False, threads=threads
        )
        inputs, outputs = self.session.get_inputs(), self.session.get_outputs()
        if len(inputs) != 1 or inputs[0].type != IMAGES or not fixed(inputs[0].shape, 4):
            raise InputError(
                f"{path} takes {listed(inputs)}; a hasher exported by classwise takes images "
                f"{IMAGES} [batch, height, width, channels]."
            )
        widths = {
            output.name: output.shape[1]
            for output in outputs
            if OUTPUTS.get(output.name) == output.type and fixed(output.shape, 2)
        }
        if not widths:
            raise InputError(
                f"{path} gives {listed(outputs)}; a hasher exported by classwise gives embedding "
                "tensor(float) [batch, L], code tensor(uint8) [batch, ceil(L / 8)], or both."
            )
        self.outputs = list(widths)
        self.fixed_batch, *self.image_shape = inputs[0].shape
        self.image_shape = tuple(self.image_shape)
        self.has_embeddings = "embedding" in widths
        properties = self.session.get_modelmeta().custom_metadata_map
        self.code_length = stated_code_length(path, properties.get("code_length"), widths)
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


def fixed(shape: list, rank: int) -> bool:
    """Returns whether a shape has `rank` axes, all but the first of a fixed size."""
    sizes = [size for size in shape[1:] if isinstance(size, int) and size > 0]
    return len(shape) == rank == len(sizes) + 1 and shape[0] != 0


def listed(values: Sequence[onnxruntime.NodeArg]) -> str:
    """Returns inputs or outputs as text."""
    return ", ".join(f"{v.name} {v.type} {v.shape}" for v in values) or "nothing"


def stated_code_length(path: str | os.PathLike, stated: str | None, widths: dict[str, int]) -> int:
    """Returns the code length that a file states, or the largest that its outputs have room for.

    Raises:
        InputError: what the file states does not fit its outputs, or they do not fit each other.
    """
    fitting = {
        "embedding": lambda width: range(width, width + 1),
        "code": lambda width: range(8 * width - 7, 8 * width + 1),
    }
    lengths = set.intersection(*(set(fitting[name](width)) for name, width in widths.items()))
    lengths = {length for length in lengths if stated in (None, str(length))}
    if not lengths:
        found = " and ".join(f"{name} of {width}" for name, width in widths.items())
        raise InputError(
            f"{path} states code_length {stated!r} and gives {found} numbers an image, which does "
            "not fit; export it again with `classwise export`."
        )
    return max(lengths)
