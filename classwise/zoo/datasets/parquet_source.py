"""Images whose files are values of a column in Parquet files, as data sets of the web come."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.file_source import ChangedImage, status_of
from classwise.zoo.datasets.image_files import refused
from classwise.zoo.datasets.image_stream import Batch, ImageStream, decoded_batches
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.open_image import UnreadableImage
from classwise.zoo.datasets.parquet_rows import ParquetRows, StoredRows, described_file, named_rows
from classwise.zoo.datasets.read_images import read_images
from classwise.zoo.foundation.errors import InputError

SUFFIX = ".parquet"


@dataclasses.dataclass(frozen=True)
class ParquetSource:
    """Images in Parquet files; see `OpenedImages`.

    Args:
        files: where the images lie, in order.
        names: of the images.
        skip_bad_files, max_pixels: see `open_images`.
    """

    files: tuple[StoredRows, ...]
    names: tuple[str, ...]
    skip_bad_files: bool = False
    max_pixels: int | None = None
    others: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.names)

    def load(self, image_shape: tuple[int, int, int]) -> LabeledImages:
        rows = ParquetRows(self.files)
        files, names, skipped = [], [], []
        for position, name in enumerate(self.names):
            try:
                image = rows.image(position, name)
                if self.skip_bad_files or self.max_pixels is not None:
                    read_images(image, (1, 1, 3), max_pixels=self.max_pixels)
            except UnreadableImage as error:
                if not self.skip_bad_files:
                    raise refused(error) from error
                skipped.append(name)
            else:
                files.append(image.getvalue())
                names.append(name)
        encoded = EncodedImages(files, image_shape)
        ids = np.array(names, str)
        return LabeledImages("parquet", "files", encoded, None, ids, (), skipped=tuple(skipped))

    def part(self, first: int, stop: int) -> ParquetSource:
        """Returns the images from position `first` to `stop`, such as a worker encodes."""
        files, start = [], 0
        for file in self.files:
            rows = file.rows(first - start, stop - start)
            files += [rows] if rows.count else []
            start += file.count
        return dataclasses.replace(self, files=tuple(files), names=self.names[first:stop])

    def stream(
        self, image_shape: tuple[int, int, int], batch_size: int, threads: int | None = None
    ) -> ImageStream:
        rows, names = ParquetRows(self.files), np.array(self.names, str)

        def read(position: int) -> np.ndarray:
            image = rows.image(position, self.names[position])
            return read_images(image, image_shape, max_pixels=self.max_pixels)[0]

        def batches(first: int) -> Iterator[Batch]:
            for positions, pixels, bad in decoded_batches(
                read, first, self.count, batch_size, self.skip_bad_files, threads
            ):
                kept = np.array([p for p in positions if p not in set(bad)], np.intp)
                yield Batch(pixels, None, names[kept], names[np.array(bad, np.intp)])

        moved = [dataclasses.replace(file, path=Path(file.path).name) for file in self.files]
        described = repr([self.names, *map(dataclasses.astuple, moved)])
        identity = hashlib.sha256(described.encode(errors="surrogatepass")).hexdigest()
        return ImageStream(
            self.count, batches, identity, check_unchanged=lambda: check_unchanged(self.files)
        )


def check_unchanged(files: Sequence[StoredRows]) -> None:
    """Raises `ChangedImage` where a file is another one than when it was opened."""
    for file in files:
        if status_of(file.path) != (file.size, file.changed):
            raise ChangedImage(
                f"'{file.path}' was changed or replaced while its images were read; run the "
                "command again once it is at rest."
            )


def open_parquet(
    paths: Sequence[str | os.PathLike],
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
) -> ParquetSource:
    """Finds the images in Parquet files, without reading them.

    A file has a column `image`, `bytes`, `image_bytes` or `content` with the bytes of an image
    file in every row (or, as Hugging Face writes it, with `bytes` and `path`), and may have one of
    their names: `name`, `path`, `file_name` or `id`. Without, an image is called after its file and
    its row.

    Raises:
        InputError: a file is missing or damaged, has no such column or no row; two images of one
            name.
    """
    files, names = [], []
    for path in paths:
        file, table = described_file(Path(path))
        files.append(file)
        names += named_rows(file, table)
    if not names:
        raise InputError(f"'{paths[0]}' holds no image; give Parquet files with rows.")
    if len(set(names)) != len(names):
        seen = set()
        twice = next(name for name in names if name in seen or seen.add(name))
        raise InputError(f"'{twice}' names two images of the Parquet files; give each its own.")
    return ParquetSource(tuple(files), tuple(names), skip_bad_files, max_pixels)


def parquet_files(source: Path) -> list[Path]:
    """Returns the Parquet files at a path: the file itself, or those below a folder."""
    if source.is_dir():
        return [path for path in sorted(source.rglob(f"*{SUFFIX}")) if path.is_file()]
    return [source] if source.suffix.lower() == SUFFIX else []
