"""Queries and database made of people's own images, in place of a protocol's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from classwise.zoo.datasets.image_classes import in_one_numbering, one_numbering
from classwise.zoo.datasets.image_sources import OpenedImages
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.datasets.resized_images import resize


@dataclasses.dataclass(frozen=True)
class ImageSets:
    """Labeled images that ask, and those that answer: the same object for leave-one-out."""

    queries: LabeledImages
    database: LabeledImages

    def resized(self, image_shape: tuple[int, int, int]) -> ImageSets:
        """Returns the same images at another size; see `resize`."""
        queries = resize(self.queries, image_shape)
        alone = self.database is self.queries
        return ImageSets(queries, queries if alone else resize(self.database, image_shape))


@dataclasses.dataclass(frozen=True)
class OwnImages:
    """Images that were found, before it is known what size a model takes.

    Args:
        queries: those that ask.
        database: those that answer; None lets every query ask all the others.
        words: both, for people.
        lists: number and SHA-256 of lists by role, where lists name the images.

    Raises:
        InputError: they have no class in common.
    """

    queries: OpenedImages
    database: OpenedImages | None
    words: str
    lists: Mapping[str, dict] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if self.database is not None and self.queries.class_names and self.database.class_names:
            one_numbering(self.queries.class_names, self.database.class_names)

    def resized(self, image_shape: tuple[int, int, int]) -> ImageSets:
        """Returns both at the size of a model, their classes matched by name.

        Raises:
            InputError: they have no class in common, or an image has no label.
        """
        queries = _labeled(self.queries.load(image_shape))
        if self.database is None:
            return ImageSets(queries, queries)
        return ImageSets(*in_one_numbering(queries, _labeled(self.database.load(image_shape))))


def _labeled(images: LabeledImages) -> LabeledImages:
    """Returns the images, or raises `InputError` before they are encoded in vain."""
    return dataclasses.replace(images, labels=images.known_labels)
