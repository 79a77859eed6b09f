"""What a bundle is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from classwise.export.formats.saved_model_format import to_saved_model
from classwise.export.formats.to_onnx import to_onnx

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from classwise.export.formats.report import ExportReport
    from classwise.zoo import Hasher
    from classwise.zoo.datasets import LabeledImages


@dataclass(frozen=True)
class BundleSource:
    """The checked arguments of `write_bundle`; see there."""

    hasher: Hasher
    name: str = "hasher"
    metadata: dict[str, object] = field(default_factory=dict)
    gallery: LabeledImages | str | os.PathLike | None = None
    web_runtime: str | os.PathLike | None = None

    def write_onnx(self, path: Path) -> ExportReport:
        """Writes the hasher as an ONNX file that tells its metadata."""
        return to_onnx(self.hasher, path, metadata=self.metadata)

    def write_saved_model(self, path: Path) -> ExportReport:
        """Writes the hasher as a SavedModel folder."""
        return to_saved_model(self.hasher, path)
