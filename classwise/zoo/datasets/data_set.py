"""What is known of a data set before any of its images is read, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from classwise.zoo.datasets.labeled_images import LabeledImages

#: Images uint8 `[b, H, W, C]`, labels int64 `[b]` and ids str `[b]`.
Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


class Batches(Protocol):
    """The batches of a split, each time from its first image on.

    Attributes:
        class_names: of the labels.
    """

    class_names: tuple[str, ...]

    def __iter__(self) -> Iterator[Batch]: ...

    def after(self, first: int) -> Iterator[Batch]:
        """Returns an iterator that leaves the first images out, without decoding them."""


class Source(Protocol):
    """Where the images of a data set come from: TFDS, or anything else that has these.

    `needs_data_dir` tells that only the user knows where they are.
    """

    needs_data_dir: bool

    def load(
        self, data_set: DataSet, split: str, data_dir: str | Path | None, download: bool
    ) -> LabeledImages:
        """Returns all images of a split; see `load_split`."""

    def stream(
        self,
        data_set: DataSet,
        split: str,
        batch_size: int,
        data_dir: str | Path | None,
        download: bool,
    ) -> Batches:
        """Returns the same images in batches; see `stream_split`."""


@dataclass(frozen=True)
class DataSet:
    """A data set: its images in numbers and in words, and where they come from.

    Args:
        name: as in protocols, in names of presets, and in `NAME:split` on the command line.
        title: as its authors write it.
        url: its page.
        license: one sentence.
        content: one sentence about the images, for whoever wonders whether theirs are alike.
        biases: what a model learns from them that it should not be relied on for.
        citation: of its paper, as BibTeX.
        num_classes: C.
        image_shape: (height, width, channels) of every image; None where they differ.
        num_images: by split.
        source: reads it; None of a set that only others' weights were trained on.
        hub_id: its id on huggingface.co, None where it is not there.
        class_names: of a set that nothing reads, and whose classifiers are kept; empty otherwise,
            as what reads a set tells them.
    """

    name: str
    title: str
    url: str
    license: str
    content: str
    biases: str
    citation: str
    num_classes: int
    image_shape: tuple[int, int, int] | None
    num_images: Mapping[str, int]
    source: Source | None = None
    hub_id: str | None = None
    class_names: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """A Markdown link to its page."""
        return f"[{self.title}]({self.url})"
