"""What is known of images by their names: from an earlier index, and from an interrupted run."""

from __future__ import annotations

import numpy as np

from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes
from classwise.zoo.search.index import Index
from classwise.zoo.search.index_folder import IndexColumns, packed_names, piece


class IndexRows:
    """Rows of an index that need not be computed again.

    Args:
        earlier: the index as it was, if there is one.
        done: what a run has encoded so far; a later row takes an earlier one's place.

    Attributes:
        earlier_names: of the images in the index as it was.
    """

    def __init__(self, earlier: Index | None, done: UnfinishedCodes):
        self.earlier = None if earlier is None else earlier.columns
        self.earlier_names = [] if earlier is None else earlier.columns.all_names()
        self.parts = done.columns() if done.parts or done.waiting else None
        names = list(self.earlier_names)
        files = [] if self.earlier is None else [np.asarray(self.earlier.files)]
        if self.parts is not None:
            names += self.parts["names"].tolist()
            files.append(self.parts["files"])
            self.part_ends = np.cumsum(self.parts["thumbnail_sizes"])
        whole = np.concatenate(files).tolist() if files else []
        self.status = {name: tuple(row) for name, row in zip(names, whole, strict=True)}
        self.row = {name: number for number, name in enumerate(names)}

    def knows(self, name: str, status: tuple[int, int]) -> bool:
        """Returns whether an image of this size and time of change needs no encoding."""
        return self.status.get(name) == status

    def columns(self, names: list[str], labels: np.ndarray) -> IndexColumns:
        """Returns the columns of these images, in this order."""
        rows = np.array([self.row[name] for name in names], np.intp)
        text, ends = packed_names(names)
        pictures = [self._thumbnail(row) for row in rows.tolist()] if self._has_pictures else []
        return IndexColumns(
            text,
            ends,
            self._taken("codes", rows),
            self._taken("vectors", rows),
            self._taken("files", rows),
            labels,
            np.frombuffer(b"".join(pictures), np.uint8),
            np.cumsum([len(picture) for picture in pictures], dtype=np.int64),
        )

    def _taken(self, name: str, rows: np.ndarray) -> np.ndarray:
        earlier = [] if self.earlier is None else [getattr(self.earlier, name)]
        parts = [] if self.parts is None else [self.parts[name]]
        return np.concatenate(earlier + parts)[rows]

    @property
    def _has_pictures(self) -> bool:
        if self.parts is not None:
            return bool(self.parts["thumbnail_sizes"].any())
        return self.earlier is not None and self.earlier.has_thumbnails

    def _thumbnail(self, row: int) -> bytes:
        before = len(self.earlier_names)
        if row < before:
            return self.earlier.thumbnail(row)
        return piece(self.parts["thumbnails"], self.part_ends, row - before)
