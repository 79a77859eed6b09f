"""What an export tells about the file that it wrote."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from classwise.export.parity import Parity


@dataclass(frozen=True)
class ExportReport:
    """A written export.

    Attributes:
        path: the file or folder.
        format: "onnx" or "saved_model".
        bytes: size on disk.
        parity: how it compares with Keras; None if it was not verified.
        operators: number of nodes by ONNX operator, most frequent first.
    """

    path: Path
    format: str
    bytes: int
    parity: Parity | None
    operators: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict:
        """Returns the report in JSON types."""
        parity = self.parity and self.parity.to_dict()
        return asdict(self) | {"path": str(self.path), "parity": parity}

    def __str__(self) -> str:
        return f"{self.path} ({self.bytes:,} bytes): {self.parity or 'not verified'}"
