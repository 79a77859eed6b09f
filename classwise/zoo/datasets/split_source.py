"""A split of a data set, before it is known what size a model takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.datasets.file_batches import FileBatches
from classwise.zoo.datasets.image_stream import Batch, ImageStream
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.read_images import check_image_shape
from classwise.zoo.datasets.resized_images import resize, resize_pixels, resizing, resizing_of
from classwise.zoo.datasets.splits import load_split, readable, stream_split


@dataclasses.dataclass(frozen=True)
class SplitSource:
    """Images of a TFDS split; see `OpenedImages`."""

    name: str
    split: str
    data_dir: Path | None
    others: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()  # known once it is read

    @property
    def count(self) -> int:
        return readable(self.name, self.split).num_images[self.split]

    def load(self, image_shape: tuple[int, int, int]) -> LabeledImages:
        return resize(load_split(self.name, self.split, self.data_dir), image_shape)

    def stream(self, image_shape: tuple[int, int, int], batch_size: int) -> ImageStream:
        opened = stream_split(self.name, self.split, batch_size, self.data_dir)
        image_shape = check_image_shape(image_shape)
        words = resizing(readable(self.name, self.split).image_shape, image_shape)
        if isinstance(opened, FileBatches):
            words = resizing_of(opened.photos, image_shape)
            opened = opened.at_size(image_shape)

        def batches(first: int) -> Iterator[Batch]:
            for images, labels, names in opened.after(first):
                yield Batch(resize_pixels(images, image_shape), labels, names)

        return ImageStream(
            self.count,
            batches,
            f"{self.name}:{self.split}, {self.count} images",
            opened.class_names,
            words,
        )
