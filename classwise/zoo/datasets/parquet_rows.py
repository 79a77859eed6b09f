"""Rows of Parquet files that hold the bytes of image files, read a row group at a time."""

from __future__ import annotations

import bisect
import dataclasses
import io
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.datasets.file_source import status_of
from classwise.zoo.datasets.open_image import UnreadableImage
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

IMAGES = ("image", "bytes", "image_bytes", "content")
NAMES = ("name", "path", "file_name", "id")
# A batch seldom reaches over more than two, and threads are a few batches apart.
GROUPS_KEPT = 3


@dataclasses.dataclass(frozen=True)
class StoredRows:
    """Rows of a Parquet file.

    Args:
        path: the file, absolute.
        column: that holds the images.
        first, stop: the rows.
        size, changed: bytes of the file, and when it was changed.
    """

    path: str
    column: str
    first: int
    stop: int
    size: int
    changed: int

    @property
    def count(self) -> int:
        return self.stop - self.first

    def rows(self, first: int, stop: int) -> StoredRows:
        """Returns those from position `first` to `stop` among these, as far as they are here."""
        first, stop = (self.first + min(max(each, 0), self.count) for each in (first, stop))
        return dataclasses.replace(self, first=first, stop=stop)


class NamedBytes(io.BytesIO):
    """Bytes of a file that messages call by a name."""

    def __init__(self, content: bytes, name: str):
        super().__init__(content)
        self.name = name


class ParquetRows:
    """Gives the image at a position; threads may ask at once, for positions near each other."""

    def __init__(self, files: Sequence[StoredRows]):
        self.files = tuple(files)
        self.starts = list(itertools.accumulate((f.count for f in files), initial=0))
        self._lock = threading.Lock()
        self._open: dict[int, tuple[ParquetFile, list[int]]] = {}
        self._groups: OrderedDict[tuple[int, int], pyarrow.ChunkedArray] = OrderedDict()

    def image(self, position: int, name: str) -> NamedBytes:
        """Returns the bytes of an image; raises `UnreadableImage` where there are none."""
        number = bisect.bisect_right(self.starts, position) - 1
        file = self.files[number]
        row = file.first + position - self.starts[number]
        with self._lock:
            content = self._value(number, row)
        if isinstance(content, dict):
            content = content["bytes"]
        if content is None:
            raise UnreadableImage(f"'{name}' has no bytes in '{file.path}'; leave it out.")
        return NamedBytes(content, name)

    def _value(self, number: int, row: int) -> bytes | dict | None:
        opened, ends = self._file(number)
        group = bisect.bisect_right(ends, row)
        column = self._groups.get((number, group))
        if column is None:
            try:
                table = opened.read_row_group(group, columns=[self.files[number].column])
            except Exception as error:  # pyarrow's have no base of their own, beside OSError
                raise damaged(self.files[number].path, error) from error
            column = self._groups[number, group] = table.column(0)
            if len(self._groups) > GROUPS_KEPT:
                self._groups.popitem(last=False)
        return column[row - (ends[group - 1] if group else 0)].as_py()

    def _file(self, number: int) -> tuple[ParquetFile, list[int]]:
        if number not in self._open:
            opened = opened_parquet(self.files[number].path)
            sizes = (
                opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)
            )
            self._open[number] = opened, list(itertools.accumulate(sizes))
        return self._open[number]


def described_file(path: Path) -> tuple[StoredRows, ParquetFile]:
    """Returns all rows of a file, and the file opened; raises `InputError` as `open_parquet`."""
    opened = opened_parquet(path)
    schema = opened.schema_arrow
    column = next((name for name in IMAGES if name in schema.names), None)
    kinds = require("pyarrow.types", "ray")
    if column is not None:
        kind = schema.field(column).type
        if kinds.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            kind = kind.field("bytes").type
        if not kinds.is_binary(kind) and not kinds.is_large_binary(kind):
            column = None
    if column is None:
        raise InputError(
            f"'{path}' has the columns {', '.join(schema.names)}; one of {', '.join(IMAGES)} must "
            "hold the bytes of image files."
        )
    rows = StoredRows(str(path.absolute()), column, 0, opened.metadata.num_rows, *status_of(path))
    return rows, opened


def named_rows(rows: StoredRows, opened: ParquetFile) -> list[str]:
    """Returns the name of the image in every row."""
    column = next((name for name in NAMES if name in opened.schema_arrow.names), None)
    if column is None:
        return [f"{Path(rows.path).name}:{row}" for row in range(rows.count)]
    try:
        names = opened.read(columns=[column]).column(0).to_pylist()
    except Exception as error:
        raise damaged(rows.path, error) from error
    if None in names:
        raise InputError(
            f"Row {names.index(None)} of '{rows.path}' has no {column}; name every image."
        )
    return list(map(str, names))


def opened_parquet(path: str | os.PathLike) -> ParquetFile:
    """Opens a file, or raises `InputError` where there is none."""
    parquet = require("pyarrow.parquet", "ray")
    try:
        return parquet.ParquetFile(path)
    except Exception as error:
        raise damaged(path, error) from error


def damaged(path: str | os.PathLike, error: Exception) -> InputError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return InputError(f"'{path}' is not a Parquet file that can be read ({reason}); write it anew.")
