"""A model as every runtime shows it: signatures that take and give named tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.graph.signature import ALL_OUTPUTS, BATCH, INPUT
from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    import numpy as np


#: Type and number of axes of every input and output.
CONTRACT = {
    INPUT: ("uint8", 4),
    "embedding": ("float32", 2),
    "code": ("uint8", 2),
    "scores": ("float32", 2),
}


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Type and shape of an input or output; a dynamic axis is its name."""

    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(map(str, self.shape))}]"


@dataclasses.dataclass(frozen=True)
class Signature:
    """One way to call a model.

    Attributes:
        name: as the model calls it; "" where it has only one.
        inputs, outputs: by name.
        run: computes the outputs, by name, of one batch of images.
    """

    name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    run: Callable[[np.ndarray], dict[str, np.ndarray]]

    @property
    def batch(self) -> int | None:
        """The number of images that it must be given, or None for any number."""
        size = self.inputs[INPUT].shape[0]
        return size if isinstance(size, int) else None

    def compute(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Computes the outputs of any number of images, cut and filled up to a fixed batch."""
        import numpy as np

        size = self.batch
        if size is None or size == len(images):
            return self.run(images)
        parts = [images[start : start + size] for start in range(0, len(images), size)]
        parts[-1] = np.resize(parts[-1], (size, *images.shape[1:]))
        results = [self.run(part) for part in parts]
        return {
            name: np.concatenate([result[name] for result in results])[: len(images)]
            for name in self.outputs
        }


@dataclasses.dataclass(frozen=True)
class Model:
    """A model that a runtime has opened.

    Attributes:
        source: the preset, file or folder it came from.
        engine: what runs it.
        signatures: one or more ways to call it.
        bytes: size on disk, if it came from there.
    """

    source: str
    engine: str
    signatures: Sequence[Signature]
    bytes: int | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images that it takes, as `check_contract` found."""
        return self.signatures[0].inputs[INPUT].shape[1:]

    def check_contract(self) -> None:
        """Raises `InputError` unless it takes images and gives what a hasher gives."""
        if not self.signatures:
            raise InputError(f"{self.source} has no signature to call; export it with classwise.")
        for signature in self.signatures:
            inputs, given = set(signature.inputs), set(signature.outputs)
            if inputs != {INPUT} or not given or not given <= set(ALL_OUTPUTS):
                raise InputError(
                    f"{self.source} takes {sorted(inputs)} and gives {sorted(given)}; a hasher "
                    f"exported by classwise takes ['{INPUT}'] and gives some of "
                    f"{list(ALL_OUTPUTS)}."
                )
            for name, tensor in (signature.inputs | signature.outputs).items():
                dtype, rank = CONTRACT[name]
                fixed = all(isinstance(size, int) for size in tensor.shape[1:])
                if (tensor.dtype, len(tensor.shape)) != (dtype, rank) or not fixed:
                    raise InputError(
                        f"{self.source} has {name} {tensor}; a hasher exported by classwise has "
                        f"{dtype} with {rank} axes, all but the first of fixed size."
                    )

    def to_dict(self) -> dict:
        """Returns what it is in JSON types."""
        return {"source": self.source, "engine": self.engine, "bytes": self.bytes}


def axis(size: int | None, first: bool) -> int | str:
    """Returns an axis as `Tensor` has it, from a runtime that knows no names of axes."""
    if size is not None and size >= 0:
        return int(size)
    return BATCH if first else "?"


def unreadable_model(path: Path, kind: str, error: Exception) -> InputError:
    """Returns the error for a file that its runtime can't load, in one sentence."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return InputError(f"{path} is not {kind} ({lines[-1][:200]}); export it again.")
