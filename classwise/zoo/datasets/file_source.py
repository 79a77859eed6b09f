"""Images in files that were found and checked, before it is known what size a model takes."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_files import ImageFiles, checked_images
from classwise.zoo.datasets.image_folder import FolderImages, check_pixels, images_of
from classwise.zoo.datasets.image_stream import Batch, ImageStream, decoded_batches
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError


class ChangedImage(InputError):
    """An image is another one than when it was found, so what was made of the others is void."""


@dataclasses.dataclass(frozen=True)
class FileSource:
    """Images in files; see `OpenedImages`.

    Args:
        files: that were found.
        labels: class ids `[N]`, or of listed images multi-hot `[N, C]`; None for none.
        class_names: of the labels.
        skip_bad_files, max_pixels: see `open_images`.
    """

    files: ImageFiles
    labels: np.ndarray | None
    class_names: tuple[str, ...]
    skip_bad_files: bool = False
    max_pixels: int | None = None

    @property
    def count(self) -> int:
        return len(self.files.names)

    @property
    def names(self) -> tuple[str, ...]:
        return self.files.names

    @property
    def others(self) -> tuple[str, ...]:
        return self.files.others

    @property
    def skipped(self) -> tuple[str, ...]:
        return tuple(self.files.bad)

    def load(self, image_shape: tuple[int, int, int]) -> LabeledImages:
        files = self.files
        if self.skip_bad_files:  # their headers are whole; here nothing may be missing later
            files = checked_images(
                files.root,
                files.names,
                skip_bad_files=True,
                max_pixels=self.max_pixels,
                check=check_pixels,
            )
            files = dataclasses.replace(
                files, others=self.files.others, bad=self.files.bad | files.bad
            )
            labeled = self.labels is not None
            return images_of(files, image_shape, labeled, self.class_names or None, self.max_pixels)
        return LabeledImages(
            name=files.root.resolve().name,
            split="folder",
            images=self._images(image_shape),
            labels=self.labels,
            ids=np.array(files.names),
            class_names=self.class_names,
            skipped=tuple(files.bad),
            others=files.others,
        )

    def part(self, first: int, stop: int) -> FileSource:
        """Returns the images from position `first` to `stop`, such as a worker encodes."""
        root = self.files.root.absolute()
        files = ImageFiles(root, self.files.names[first:stop])
        labels = None if self.labels is None else self.labels[first:stop]
        return dataclasses.replace(self, files=files, labels=labels)

    def stream(
        self, image_shape: tuple[int, int, int], batch_size: int, threads: int | None = None
    ) -> ImageStream:
        images = self._images(image_shape)
        names = np.array(self.files.names)
        listing = [status_of(path) for path in images.paths]

        def read(position: int) -> np.ndarray:
            image = images[position]
            self._check(position, listing)
            return image

        def batches(first: int) -> Iterator[Batch]:
            for positions, pixels, bad in decoded_batches(
                read, first, len(images), batch_size, self.skip_bad_files, threads
            ):
                kept = np.array([p for p in positions if p not in set(bad)], np.intp)
                labels = None if self.labels is None else self.labels[kept]
                yield Batch(pixels, labels, names[kept], names[np.array(bad, np.intp)])

        def check_unchanged() -> None:
            for position in range(len(names)):
                self._check(position, listing)

        described = repr([[str(n), *status] for n, status in zip(names, listing, strict=True)])
        identity = hashlib.sha256(f"{described}{self.class_names}".encode()).hexdigest()
        return ImageStream(
            len(names),
            batches,
            identity,
            self.class_names,
            check_unchanged=check_unchanged,
        )

    def _images(self, image_shape: tuple[int, int, int]) -> FolderImages:
        # A million `Path`s, or `os.path.join`s, take seconds.
        start = f"{self.files.root}{os.sep}"
        paths = [n if n.startswith(os.sep) else start + n for n in self.files.names]
        return FolderImages(paths, image_shape, self.max_pixels)

    def _check(self, position: int, listing: list[tuple[int, int]]) -> None:
        path = self.files.root / self.files.names[position]
        if status_of(path) != listing[position]:
            raise ChangedImage(
                f"'{path}' was changed or replaced while the images were read; run the command "
                "again once they are at rest."
            )


def status_of(path: str | os.PathLike) -> tuple[int, int]:
    """Returns the bytes of a file, and when it was changed, in nanoseconds."""
    try:
        status = Path(path).stat()
    except OSError as error:
        raise InputError(f"'{path}' cannot be opened: {error.strerror}.") from error
    return status.st_size, status.st_mtime_ns
