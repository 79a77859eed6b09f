"""A file inside a larger one, such as an image inside a shard of TFDS."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class FilePart(NamedTuple):
    """So many bytes of a file, from one of them on; read when they are used, as a path's are.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = (Path(folder) / "shard").write_bytes(b"head, image, tail")
    ...     FilePart(Path(folder) / "shard", start=6, size=5).read_bytes()
    b'image'
    """

    path: Path
    start: int
    size: int

    def read_bytes(self) -> bytes:
        """Returns the bytes."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)
