"""The batches of images that are decoded when they are used."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.resized_images import resize

if TYPE_CHECKING:
    from classwise.zoo.datasets.data_set import Batch


@dataclasses.dataclass(frozen=True)
class FileBatches:
    """Iterates over the batches of photographs, decoded when they are asked for."""

    photos: LabeledImages
    batch_size: int

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.photos.class_names

    def at_size(self, image_shape: tuple[int, int, int]) -> FileBatches:
        """Returns the same batches of the images at another size; see `resize`."""
        return dataclasses.replace(self, photos=resize(self.photos, image_shape))

    def __iter__(self) -> Iterator[Batch]:
        return self.after(0)

    def after(self, first: int) -> Iterator[Batch]:
        """Returns an iterator that leaves the first images out, without decoding them."""
        for start in range(first, len(self.photos), self.batch_size):
            stop = min(start + self.batch_size, len(self.photos))
            chosen = self.photos.select(np.arange(start, stop))
            yield chosen.images[:], chosen.labels, chosen.ids
