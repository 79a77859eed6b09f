"""Images that stay as their files are until they are used, and are then read at any size."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_part import FilePart
from classwise.zoo.datasets.read_images import check_image_shape, read_images


class EncodedImages:
    """Files of images, or their bytes, which `read_images` decodes when they are indexed.

    At another size they are read anew, so that nothing is resized twice.

    Args:
        files: paths, parts of files, or the bytes of files.
        image_shape: height, width and channels of every image.
    """

    def __init__(self, files: Sequence[Path | FilePart | bytes], image_shape: tuple[int, int, int]):
        self.files = list(files)
        self.image_shape = check_image_shape(image_shape)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.files), *self.image_shape

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, key: np.ndarray | slice | int) -> np.ndarray:
        chosen = np.arange(len(self.files))[key]
        images = read_images([self._source(i) for i in chosen.ravel()], self.image_shape)
        return images.reshape(*chosen.shape, *self.image_shape)

    def select(self, indices: np.ndarray) -> EncodedImages:
        """Returns the images at `indices`, not yet decoded."""
        chosen = np.arange(len(self.files))[indices]
        return EncodedImages([self.files[i] for i in chosen], self.image_shape)

    def at_size(self, image_shape: tuple[int, int, int]) -> EncodedImages:
        """Returns the same images, to be read at another size."""
        return EncodedImages(self.files, image_shape)

    def encoded(self, position: int) -> bytes:
        """Returns the bytes of one file."""
        file = self.files[position]
        return file if isinstance(file, bytes) else file.read_bytes()

    def _source(self, position: int) -> Path | bytes:
        file = self.files[position]
        return file.read_bytes() if isinstance(file, FilePart) else file

    @classmethod
    def joined(cls, parts: Iterable[EncodedImages]) -> EncodedImages:
        """Returns the images of all parts, of one size, in their order."""
        parts = list(parts)
        files = itertools.chain.from_iterable(part.files for part in parts)
        return cls(list(files), parts[0].image_shape)
