"""Fashion mosaics: images of several labels, laid together from Fashion-MNIST."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import ClassVar

import numpy as np

from classwise.zoo.datasets.catalogue.fashion_mnist import DATA_SETS as FASHION_MNIST
from classwise.zoo.datasets.data_set import DataSet
from classwise.zoo.datasets.file_batches import FileBatches
from classwise.zoo.datasets.labeled_images import LabeledImages

(GARMENTS,) = FASHION_MNIST
MOST = 4  # garments of a mosaic, and its cells
SEED = "fashion-mosaic"


@dataclasses.dataclass(frozen=True)
class MosaicSource:
    """Lays 1 to 4 images of a split into the cells of a 2 x 2 grid; cells without one are black.

    Mosaic i holds image i of the split and, chosen by a SHA-256 of the seed, the split and i, how
    many others, which, and in which cells. Its labels are those of all, multi-hot.
    """

    needs_data_dir: ClassVar[bool] = False

    def load(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> LabeledImages:
        """Returns all mosaics of a split; see `load_split`."""
        garments = GARMENTS.source.load(GARMENTS, split, data_dir, download)
        pixels = np.asarray(garments.images[:])
        count, height, width, channels = pixels.shape
        grid = np.zeros((count, 2, height, 2, width, channels), np.uint8)
        labels = np.zeros((count, garments.num_classes), np.uint8)
        for mosaic in range(count):
            for cell, garment in zip(*drawn(split, mosaic, count), strict=True):
                grid[mosaic, cell // 2, :, cell % 2] = pixels[garment]
                labels[mosaic, garments.known_labels[garment]] = 1
        return LabeledImages(
            data_set.name,
            split,
            grid.reshape(count, 2 * height, 2 * width, channels),
            labels,
            np.array([f"{split}_{mosaic:05d}" for mosaic in range(count)]),
            garments.class_names,
        )

    def stream(
        self,
        data_set: DataSet,
        split: str,
        batch_size: int,
        data_dir: str | Path | None,
        download: bool,
    ) -> FileBatches:
        """Returns the same mosaics in batches; see `stream_split`."""
        return FileBatches(self.load(data_set, split, data_dir, download), batch_size)


def drawn(split: str, mosaic: int, count: int) -> tuple[list[int], list[int]]:
    """Draws cells, 0 to 3, and the images of the split, 0 to `count` - 1, that fill them.

    Example:

    >>> drawn("test", 0, 10_000)[1][0]
    0
    """
    bits = hashlib.sha256(f"{SEED}/{split}/{mosaic}".encode()).digest()
    garments = 1 + bits[0] % MOST
    cells = sorted(range(MOST), key=lambda cell: (bits[1 + cell], cell))[:garments]
    words = np.frombuffer(bits[8:], "<u8")
    return cells, [mosaic, *(int(word % count) for word in words[: garments - 1])]


DATA_SETS = (
    DataSet(
        name="fashion_mosaic",
        title="Fashion mosaics",
        url=GARMENTS.url,
        license="Made on your machine from Fashion-MNIST, whose license is MIT.",
        content="Gray images of one to four garments on black, each in a quarter of the image; a "
        "label for every kind of garment in it.",
        biases="Which garments stand together is chance, unlike on photographs, and so is where.",
        citation=GARMENTS.citation,
        num_classes=GARMENTS.num_classes,
        image_shape=(56, 56, 1),
        num_images=GARMENTS.num_images,
        source=MosaicSource(),
    ),
)
