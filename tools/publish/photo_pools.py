"""The pools of photos that hashers for any photos are learned from."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256


@dataclasses.dataclass(frozen=True)
class PhotoPool:
    """Photos of a public repository.

    Args:
        name: of the repository, and of the features that are kept of it.
        source: where it is.
        commit: which one is meant.
        photos: how many it has.
        content: one sentence.
        license: one sentence.
    """

    name: str
    source: str
    commit: str
    photos: int
    content: str
    license: str

    def open(self, folder: Path, image_shape: tuple[int, int, int]) -> LabeledImages:
        """Returns its photos, decoded when they are used.

        Raises:
            InputError: the folder holds another number of photos.
        """
        photos = load_folder(folder, image_shape, labeled=False)
        if len(photos) != self.photos:
            raise InputError(
                f"'{folder}' holds {len(photos)} photos where {self.photos} are expected; clone "
                f"{self.source} at {self.commit}."
            )
        return photos

    def told(self, photos: LabeledImages, learned: int) -> dict:
        """Returns what an entry tells of it.

        Args:
            photos: from `open`.
            learned: how many of them were learned from.
        """
        return {**dataclasses.asdict(self), "learned": learned, "sha256": digest(photos)}


def digest(photos: LabeledImages) -> str:
    """Returns the SHA-256 of the files' own, in the order of the photos."""
    files = (sha256(Path(path)) for path in photos.images.paths)
    return hashlib.sha256("".join(files).encode()).hexdigest()


POOL = PhotoPool(
    name="imagenet-sample-images",
    source="https://github.com/EliSchwartz/imagenet-sample-images",
    commit="bc69043e2862758a1906c6a24a792bb28c6bb2ff",
    photos=1000,
    content="One photograph of each of the 1,000 classes of ImageNet-1k.",
    license="None is stated; ImageNet's images are given to researchers for non-commercial "
    "research and education. None of them is part of classwise.",
)
