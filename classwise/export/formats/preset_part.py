"""The ONNX file of a preset folder; an entry point of setup.cfg names it to `save_preset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export import to_onnx

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def write_onnx_part(hasher: Hasher, folder: Path) -> None:
    """Writes `onnx/model.onnx` into a preset folder, proven equal.

    Raises:
        InputError: the onnx extra is missing, or the hasher cannot be written as ONNX.
        ParityError: the file computes something else.
    """
    to_onnx(hasher, folder / "onnx" / "model.onnx")
