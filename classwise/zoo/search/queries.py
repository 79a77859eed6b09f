"""What asks an index: files, folders, or its own images, and what they find."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_files import ImageFiles, checked_images, find_images
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.search.index import Hit, Index

BATCH_SIZE = 64


@dataclasses.dataclass(frozen=True)
class Query:
    """An image that asks.

    Args:
        name: as it was given; of a folder's images, with the folder before it.
        file: where it lies.
        item: its number in the index, None for one that is not in it.
    """

    name: str
    file: Path
    item: int | None


@dataclasses.dataclass(frozen=True)
class Answer:
    """A query, and what it found, the nearest first; itself is not among that."""

    query: Query
    hits: list[Hit]


def find_queries(
    index: Index,
    sources: Sequence[str | os.PathLike],
    *,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
) -> tuple[list[Query], tuple[str, ...]]:
    """Finds the images that ask.

    A file that is in the index as it is, or the name of one, is that image of the index.

    Args:
        index: the index.
        sources: files, folders at any depth, or names of images in the index.
        skip_bad_files, max_pixels: see `read_images`.

    Returns:
        the queries, and the names of broken images that were left out.

    Raises:
        InputError: something that is none of these, a broken image, or none at all.
    """
    checks = {"skip_bad_files": skip_bad_files, "max_pixels": max_pixels}
    queries: list[Query] = []
    broken: list[str] = []
    for source in map(Path, sources):
        if not source.exists():
            queries.append(of_the_index(index, source))
            continue
        if source.is_dir():
            files = find_images(source, **checks)
        else:
            files = checked_images(source.parent, [source.name], **checks)
            if files.others:
                raise InputError(f"'{source}' is not an image; give an image or a folder of them.")
        queries += [Query(str(path), path, item_of(index, path)) for path in files.paths]
        broken += [str(files.root / name) for name in files.bad]
    if not queries:
        raise InputError(f"'{sources[0]}' holds no image that could ask.")
    return queries, tuple(broken)


def of_the_index(index: Index, source: Path) -> Query:
    """Returns an image of an index by its name, or by the path where it lay.

    Raises:
        InputError: there is none.
    """
    item = index.items.get(source.as_posix())
    path, folder = source.parent.resolve() / source.name, Path(index.facts.source)
    if item is None and path.is_relative_to(folder):
        item = index.items.get(path.relative_to(folder).as_posix())
    if item is None:
        raise InputError(
            f"'{source}' is no file, nor the name of an image in {index.path}; give an image, a "
            "folder, or a name as the index has it, such as "
            f"'{index.columns.name(0)}'."
        )
    return Query(source.as_posix(), index.file(item), item)


def item_of(index: Index, file: Path) -> int | None:
    """Returns the number of a file in an index; None where it is not in it, or was changed."""
    source = Path(index.facts.source)
    path = file.parent.resolve() / file.name
    if not path.is_relative_to(source):
        return None
    item = index.items.get(path.relative_to(source).as_posix())
    status = path.stat()
    if item is None or index.columns.files[item].tolist() != [status.st_size, status.st_mtime_ns]:
        return None
    return item


def answers(
    index: Index,
    queries: Sequence[Query],
    *,
    k: int = 20,
    within: int | None = None,
    rerank: bool = True,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    progress: Callable[[int], None] = lambda images: None,
) -> Iterator[Answer]:
    """Yields what each query finds; those of the index are not read again.

    Args:
        index: the index.
        queries: from `find_queries`.
        k, within, rerank: see `Index.search_codes`.
        skip_bad_files: leave out queries that turn out to be broken.
        max_pixels: see `read_images`.
        progress: called with the number of images of every batch encoded.

    Raises:
        InputError: a broken image, a k below 1, a radius outside 0..L, or a model that is gone.
    """
    index.check_request(k, within)
    names = list(dict.fromkeys(str(query.file) for query in queries if query.item is None))
    rows = encoded(index, names, skip_bad_files, max_pixels, progress) if names else {}
    known = [query for query in queries if query.item is not None or str(query.file) in rows]
    columns = index.columns
    for start in range(0, len(known), BATCH_SIZE):
        batch = known[start : start + BATCH_SIZE]
        pairs = [
            rows[str(query.file)]
            if query.item is None
            else (columns.codes[query.item], columns.vectors[query.item])
            for query in batch
        ]
        codes, vectors = map(np.stack, zip(*pairs, strict=True))
        found = index.search_codes(
            codes,
            vectors,
            k=k,
            within=within,
            rerank=rerank,
            themselves=[query.item for query in batch],
        )
        yield from map(Answer, batch, found)


def encoded(
    index: Index,
    names: list[str],
    skip_bad_files: bool,
    max_pixels: int | None,
    progress: Callable[[int], None],
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Returns code and vector of images by their paths, without those that are broken."""
    files = ImageFiles(Path(), tuple(names))
    source = FileSource(files, None, (), skip_bad_files, max_pixels)
    rows = {}
    for pixels, _, kept, skipped in source.stream(index.encoder.image_shape, BATCH_SIZE).batches(0):
        if len(kept):
            found = index.encoder.encode(pixels)
            pairs = zip(found["codes"], found["vectors"], strict=True)
            rows |= dict(zip(kept.tolist(), pairs, strict=True))
        progress(len(kept) + len(skipped))
    return rows
