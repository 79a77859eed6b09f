"""Near duplicates among photos: clusters of copies, and which of each to keep."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_files import find_images
from classwise.zoo.datasets.read_images import check_max_pixels
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import look_for
from classwise.zoo.foundation.files import resolved, sha256
from classwise.zoo.search.hash_pairs import check_hash_radius
from classwise.zoo.search.perceptual_hashes import COARSE
from classwise.zoo.search.photo_copies import RADIUS, HashedPhotos, copies, hash_photos


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo of a cluster.

    Args:
        name: its path; with the folder before it where two were compared.
        file: where it lies.
        width, height: in pixels.
        bytes: of its file.
        modified: when its file was changed, in seconds since 1970.
        folder: which of two folders it lies in, 0 or 1.
        same_bytes: whether its file is byte for byte that of the cluster's first photo.
    """

    name: str
    file: Path
    width: int
    height: int
    bytes: int
    modified: float
    folder: int = 0
    same_bytes: bool = False


@dataclasses.dataclass(frozen=True)
class Duplicates:
    """What `find_duplicates` found.

    Args:
        clusters: copies of each other, the one to keep first: the largest in pixels, then in bytes,
            then the oldest. That is a suggestion; nothing is deleted.
        photos: how many were compared.
        skipped: names of broken photos that were left out.
        others: names of files that are no images.
        between: whether two folders were compared, of which neither may lose a photo.
    """

    clusters: list[list[Photo]]
    photos: int
    skipped: tuple[str, ...]
    others: tuple[str, ...]
    between: bool = False

    def keeps(self, photo: Photo, cluster: list[Photo]) -> bool:
        """Returns whether a photo is the one of its cluster that the suggestion keeps."""
        return photo is cluster[0] and not self.between


def find_duplicates(
    folder: str | os.PathLike | Sequence[str | os.PathLike],
    *,
    radius: int = RADIUS,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    on_start: Callable[[int], None] = lambda photos: None,
    progress: Callable[[int], None] = lambda photos: None,
) -> Duplicates:
    """Finds copies, re-encodings, resizes, changes of brightness and small crops of photos.

    Perceptual hashes find them. Class-wise codes cannot: they say what is in a photo, and two
    photos of the same kind of thing may share a code.

    Args:
        folder: a folder, at any depth; or two of them, and then only clusters with photos of both
            are found, such as what leaks from a training set into a test set.
        radius: bits in which hashes of 64 bits may differ. Defaults to 6.
        skip_bad_files: leave broken photos out. Defaults to refusing the first one.
        max_pixels: see `read_images`.
        on_start: called with the number of photos.
        progress: called with the number of photos hashed since the last call.

    Raises:
        InputError: no such folder, no photo or a broken one, one folder inside the other, a
            radius outside 0..64, or imagehash or faiss are not installed.

    Example:

    >>> zoo.find_duplicates("photos/").clusters  # doctest: +SKIP
    [[Photo(name='2020/a.jpg', ...), Photo(name='sent/a.jpg', ...)]]
    """
    check_max_pixels(max_pixels)
    check_hash_radius(radius, COARSE**2)
    for module in ("imagehash", "faiss"):
        look_for(module, "search")
    folders = [Path(folder)] if isinstance(folder, str | os.PathLike) else list(map(Path, folder))
    check_apart(folders)
    found = [
        find_images(each, skip_bad_files=skip_bad_files, max_pixels=max_pixels) for each in folders
    ]
    for each in found:
        if not each.names:
            raise InputError(f"folder '{each.root}' holds no image.")
    on_start(sum(len(each.names) for each in found))
    hashed = [
        hash_photos(each, skip_bad_files=skip_bad_files, max_pixels=max_pixels, progress=progress)
        for each in found
    ]
    photos = HashedPhotos(
        [file for each in hashed for file in each.files],
        np.concatenate([each.hashes for each in hashed]),
        np.concatenate([each.sizes for each in hashed]),
        tuple(name for each in hashed for name in each.skipped),
    )
    if not photos.files:
        raise InputError(f"All photos of '{folders[0]}' are broken.")
    sides = np.repeat(np.arange(len(found)), [len(each.files) for each in hashed])
    cluster = copies(photos, radius, sides if len(found) > 1 else None, max_pixels)
    order = np.argsort(cluster, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(cluster))[:-1])
    clusters = []
    for rows in parts:
        if len(rows) > 1 and len(set(sides[rows].tolist())) == len(found):
            root = folders[0] if len(folders) == 1 else None
            clusters.append(ordered(photos, rows.tolist(), sides, root))
    bad = tuple(name for each in found for name in each.bad)
    others = tuple(name for each in found for name in each.others)
    skipped = (*bad, *photos.skipped)
    return Duplicates(clusters, len(photos.files), skipped, others, between=len(found) > 1)


def check_apart(folders: Sequence[Path]) -> None:
    """Raises `InputError` unless there are one or two folders, none of them inside the other."""
    if len(folders) not in (1, 2):
        raise InputError(f"{len(folders)} folders were given; give one, or two to compare.")
    if len(folders) == 2:
        first, second = (resolved(folder) for folder in folders)
        if first.is_relative_to(second) or second.is_relative_to(first):
            raise InputError(
                f"'{folders[0]}' and '{folders[1]}' hold the same photos; give two folders, "
                "neither of them inside the other."
            )


def ordered(
    photos: HashedPhotos, rows: list[int], sides: np.ndarray, root: Path | None
) -> list[Photo]:
    """Returns the photos of a cluster, the one to keep first; names are relative to a root."""
    described = []
    for row in rows:
        file = photos.files[row]
        status = file.stat()
        width, height = photos.sizes[row].tolist()
        name = str(file) if root is None else file.relative_to(root).as_posix()
        facts = (width, height, status.st_size, status.st_mtime, int(sides[row]))
        described.append(Photo(name, file, *facts))
    described.sort(key=lambda p: (-p.width * p.height, -p.bytes, p.modified, p.name))
    first = described[0]
    digest = sha256(first.file) if any(p.bytes == first.bytes for p in described[1:]) else ""
    return [first] + [
        dataclasses.replace(p, same_bytes=p.bytes == first.bytes and sha256(p.file) == digest)
        for p in described[1:]
    ]
