"""Which photos are copies of each other: found by coarse hashes, confirmed by fine ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_files import ImageFiles, refused
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.datasets.open_image import UnreadableImage
from classwise.zoo.retrieval.distinct_rows import distinct_rows
from classwise.zoo.search.hash_pairs import components, hash_pairs
from classwise.zoo.search.perceptual_hashes import CROPS, coarse_hashes, fine_hashes

# Bits of 64, within which photos are looked at closely; of 256, within which they are copies.
RADIUS, FINE_RADIUS = 6, 38
# Pairs whose fine hashes are compared at once, 32 bytes each.
PAIRS_AT_ONCE = 1 << 20


@dataclasses.dataclass(frozen=True)
class HashedPhotos:
    """Photos with their hashes.

    Args:
        files: where each lies.
        hashes: coarse, uint8 `[N, crops, 8]`.
        sizes: width and height, int64 `[N, 2]`.
        skipped: names of broken photos that were left out.
    """

    files: list[Path]
    hashes: np.ndarray
    sizes: np.ndarray
    skipped: tuple[str, ...]


def hash_photos(
    photos: ImageFiles,
    *,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    progress: Callable[[int], None] = lambda photos: None,
) -> HashedPhotos:
    """Reads photos on all cores and hashes them.

    Args:
        photos: from `find_images`.
        skip_bad_files: leave broken photos out. Defaults to refusing the first one.
        max_pixels: see `read_images`.
        progress: called with the number of photos done since the last call.

    Raises:
        InputError: a photo is broken, or imagehash is not installed.
    """

    def one(path: Path) -> tuple[np.ndarray, tuple[int, int]] | None:
        try:
            return coarse_hashes(path, max_pixels)
        except UnreadableImage as error:
            if not skip_bad_files:
                raise refused(error) from error
            return None

    paths, found = photos.paths, []
    threads = ThreadPoolExecutor(cores())
    try:
        for result in threads.map(one, paths):
            found.append(result)
            progress(1)
    finally:
        threads.shutdown(cancel_futures=True)
    whole = [number for number, result in enumerate(found) if result is not None]
    return HashedPhotos(
        [paths[number] for number in whole],
        np.array([found[n][0] for n in whole], np.uint8).reshape(len(whole), len(CROPS), -1),
        np.array([found[n][1] for n in whole], np.int64).reshape(len(whole), 2),
        tuple(name for name, result in zip(photos.names, found, strict=True) if result is None),
    )


def copies(
    photos: HashedPhotos,
    radius: int = RADIUS,
    sides: np.ndarray | None = None,
    max_pixels: int | None = None,
) -> np.ndarray:
    """Computes which photos are copies of each other.

    Two photos are copies if the hash of one lies within the radius of the hash of the other, or
    of one of its crops, and so do the fine hashes of the two; and so on, in a chain.

    Args:
        photos: from `hash_photos`.
        radius: bits of 64. Defaults to 6.
        sides: int `[N]`; only photos of different sides are compared. Defaults to all with all.
        max_pixels: see `read_images`.

    Returns:
        the number of its cluster for every photo, int64 `[N]`.

    Raises:
        InputError: a radius outside 0..64, or a photo that was removed meanwhile.
    """
    count = len(photos.files)
    first, group, counts = distinct_rows(photos.hashes[:, 0])
    wholes = photos.hashes[first, 0]
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(counts)[:-1])
    pairs = {(g, g) for g in np.flatnonzero(counts > 1).tolist()}
    asking = photos.hashes.reshape(count * len(CROPS), -1)
    asked_first, _, _ = distinct_rows(asking, np.repeat(group, len(CROPS)))
    for queries, found, _ in hash_pairs(asking[asked_first], wholes, radius):
        of_query = group[asked_first[queries] // len(CROPS)]
        ordered = np.sort(np.stack([of_query, found]), axis=0)
        pairs.update(map(tuple, ordered[:, ordered[0] != ordered[1]].T.tolist()))
    if sides is not None:
        both = [set(sides[rows].tolist()) for rows in members]
        pairs = {(g, h) for g, h in pairs if len(both[g] | both[h]) > 1}
    wanted = sorted({row for pair in pairs for g in pair for row in members[g].tolist()})
    fine = dict(
        zip(wanted, fine_of([photos.files[row] for row in wanted], max_pixels), strict=True)
    )
    links = [confirmed(members[g], members[h], fine, sides) for g, h in sorted(pairs)]
    return components(count, np.concatenate([np.empty((2, 0), np.int64), *links], axis=1))


def fine_of(files: Sequence[Path], max_pixels: int | None) -> list[np.ndarray]:
    """Returns the fine hashes of photos, read on all cores."""
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(lambda file: fine_hashes(file, max_pixels), files))


def confirmed(
    some: np.ndarray, others: np.ndarray, fine: dict[int, np.ndarray], sides: np.ndarray | None
) -> np.ndarray:
    """Returns the pairs of these photos whose fine hashes are near, `[2, n]`.

    Photos with the same fine hash stand for each other, or many blank ones would be compared all
    with all.
    """
    links = []
    stand_ins = []
    for rows in (some, others):
        by_hash: dict[tuple, int] = {}
        for row in rows.tolist():
            side = None if sides is None else int(sides[row])
            stand_in = by_hash.setdefault((fine[row].tobytes(), side), row)
            if stand_in != row:
                links.append((stand_in, row))
        stand_ins.append(np.array(list(by_hash.values())))
    a, b = stand_ins
    hashes_a, hashes_b = (np.stack([fine[row] for row in rows.tolist()]) for rows in stand_ins)
    step = max(1, PAIRS_AT_ONCE // len(b))
    for start in range(0, len(a), step):
        near = near_pairs(hashes_a[start : start + step], hashes_b)
        if sides is not None:
            near &= sides[a[start : start + step], None] != sides[b]
        links += [(a[start + i], b[j]) for i, j in np.argwhere(near).tolist()]
    return np.array(links, np.int64).reshape(-1, 2).T


def near_pairs(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns whether a photo looks like another or a crop of it, or the other way round.

    Args:
        some, others: fine hashes, uint8 `[n, crops, 32]` and `[m, crops, 32]`.

    Returns:
        bool `[n, m]`.
    """
    near = np.zeros((len(some), len(others)), bool)
    for crop in range(len(CROPS)):
        for first, second in ((crop, 0), (0, crop)):
            difference = some[:, first, None] ^ others[None, :, second]
            near |= np.bitwise_count(difference).sum(axis=-1) <= FINE_RADIUS
    return near
