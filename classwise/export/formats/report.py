"""What an export tells about the file that it wrote."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from classwise.export.proof.parity import Parity
from classwise.export.proof.precision import PrecisionReport


@dataclass(frozen=True)
class ExportReport:
    """A written export.

    Attributes:
        path: the file or folder.
        format: "onnx", "saved_model" or "litert".
        bytes: size on disk.
        parity: how it compares with Keras; None if it was not verified. Of lower precision, how
            the float32 graph compares that it was made from.
        precision: what lower precision loses; None for float32.
        companions: files written beside it.
        operators: number of nodes by ONNX operator, most frequent first.
        cpu_only_operators: those among them that a GPU provider of ONNX Runtime lacks, with the
            names of these providers; best empty.
    """

    path: Path
    format: str
    bytes: int
    parity: Parity | None
    precision: PrecisionReport | None = None
    companions: tuple[Path, ...] = ()
    operators: dict[str, int] = field(default_factory=dict)
    cpu_only_operators: dict[str, list[str]] = field(default_factory=dict)

    def to_dict(self) -> dict:
        """Returns the report in JSON types."""
        return asdict(self) | {
            "path": str(self.path),
            "companions": [str(path) for path in self.companions],
            "parity": self.parity and self.parity.to_dict(),
            "precision": self.precision and self.precision.to_dict(),
        }

    def __str__(self) -> str:
        text = f"{self.path} ({self.bytes:,} bytes): {self.parity or 'not verified'}"
        return f"{text}; {self.precision}" if self.precision else text
