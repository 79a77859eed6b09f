"""The pictures that a page shows: each file once, as a thumbnail beside the page."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.search.thumbnails import thumbnail

FOLDER = "thumbnails"


@dataclasses.dataclass
class Picture:
    """A thumbnail as a page shows it.

    Args:
        address: of the thumbnail, relative to the page; empty where the photo cannot be shown.
        original: address of the photo itself.
    """

    address: str
    original: str


class PictureFolder:
    """Gathers the pictures of a page, and writes them on all cores.

    Args:
        folder: of the page.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.pictures: dict[Path, tuple[Picture, bytes]] = {}

    def add(self, file: Path, stored: bytes = b"") -> Picture:
        """Returns the picture of a photo, whose address is right once `write` is done.

        Args:
            file: the photo.
            stored: its thumbnail, if it is known. Defaults to none.
        """
        if file not in self.pictures:
            address = f"{FOLDER}/{len(self.pictures):05d}.jpg"
            picture = Picture(address, Path(file).absolute().as_uri())
            self.pictures[file] = picture, stored
        return self.pictures[file][0]

    def write(self) -> None:
        """Writes all thumbnails; photos that are gone or broken get none."""
        (self.folder / FOLDER).mkdir()

        def one(file: Path) -> None:
            picture, stored = self.pictures[file]
            try:
                (self.folder / picture.address).write_bytes(stored or thumbnail(file))
            except InputError:
                picture.address = ""

        with ThreadPoolExecutor(cores()) as threads:
            list(threads.map(one, self.pictures))
