"""Making an index of a folder, and bringing it up to date."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classwise.zoo.datasets.file_source import FileSource
from classwise.zoo.datasets.image_classes import labels_by_folder
from classwise.zoo.datasets.image_files import ImageFiles
from classwise.zoo.datasets.read_images import check_max_pixels
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import resolved
from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.search.earlier_index import check_options, earlier_index
from classwise.zoo.search.given_codes import GivenCodes
from classwise.zoo.search.index import Index
from classwise.zoo.search.index_encoder import (
    EMBEDDING,
    FEATURES,
    NONE,
    check_model,
    identity_of,
    name_of,
    open_index_encoder,
)
from classwise.zoo.search.index_folder import KIND, IndexFacts, write_index_folder
from classwise.zoo.search.index_images import encode_new, files_of, no_thumbnail
from classwise.zoo.search.index_rows import IndexRows
from classwise.zoo.search.open_index import open_index
from classwise.zoo.search.thumbnails import thumbnail

if TYPE_CHECKING:
    from classwise.zoo.search.index_encoder import Model


@dataclasses.dataclass(frozen=True)
class IndexUpdate:
    """What bringing an index up to date did.

    Args:
        index: as it is now.
        encoded: images whose codes were computed now.
        known: images whose codes were known: from the index, from an interrupted run, or given.
        forgotten: images of the earlier index that are gone.
        skipped: names of broken images that were left out.
        others: names of files that are no images.
        unused: codes that were given, of images that are not in the folder.
    """

    index: Index
    encoded: int
    known: int
    forgotten: int
    skipped: tuple[str, ...]
    others: tuple[str, ...]
    unused: int = 0


def build_index(
    model: Model,
    folder: str | os.PathLike,
    path: str | os.PathLike,
    *,
    labeled: bool | None = None,
    features: bool | None = None,
    thumbnails: bool | None = None,
    codes: str | os.PathLike | None = None,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
) -> Index:
    """Makes an index of the images in a folder, or brings one up to date.

    Only images that are new, or whose size or time of change differ, are encoded; those that are
    gone are forgotten. The index appears whole. What an interrupted run has encoded lies in the
    folder `PATH.part`, and the next run uses it.

    Args:
        model: a hasher, a preset's name, or the path of a `.keras` or `.onnx` file. One that is
            named is found again when the index is searched.
        folder: a folder of images, at any depth.
        path: the index, a folder that is made.
        labeled: keep the sub-folder of every image as its class. Defaults to what the index does,
            False for a new one.
        features: rank again by the backbone's features, which tell more images apart than the
            embedding and take more room. Defaults to what the index does, False for a new one.
        thumbnails: keep a small picture of every image, for where the photos themselves are not.
            Defaults to what the index does, False for a new one.
        codes: what `classwise encode` wrote for this folder, with either engine, by the same
            model. Images are not encoded again unless they were changed since. Defaults to none.
        skip_bad_files: leave broken images out. Defaults to refusing the first one.
        max_pixels: see `read_images`.

    Raises:
        InputError: no such folder or model, no image or a broken one, something else at `path`,
            an index or codes of another folder or model, or another run that writes it.
        OSError: the index cannot be written.

    Example:

    >>> zoo.build_index(hasher, "photos/", "photos.index")  # doctest: +SKIP
    Index(photos.index, 812 images, 64 bits of a hasher)
    """
    return update_index(
        model,
        folder,
        path,
        labeled=labeled,
        features=features,
        thumbnails=thumbnails,
        codes=codes,
        skip_bad_files=skip_bad_files,
        max_pixels=max_pixels,
    ).index


def update_index(
    model: Model,
    folder: str | os.PathLike,
    path: str | os.PathLike,
    *,
    labeled: bool | None = None,
    features: bool | None = None,
    thumbnails: bool | None = None,
    codes: str | os.PathLike | None = None,
    skip_bad_files: bool = False,
    max_pixels: int | None = None,
    on_start: Callable[[int, str], None] = lambda images, engine: None,
    progress: Callable[[int], None] = lambda images: None,
    save_seconds: float = 5.0,
) -> IndexUpdate:
    """Does what `build_index` does, and tells what that was.

    Args:
        on_start: called with the number of images to encode, and what encodes them.
        progress: called with the number of images of every batch done.
        save_seconds: how much work an interruption may lose. Defaults to 5.
        others: as of `build_index`.

    Raises:
        InputError, OSError: as `build_index` does.
    """
    check_max_pixels(max_pixels)
    path, root = Path(path), resolved(folder)
    earlier = earlier_index(path, root)
    identity = identity_of(model)
    if earlier is not None:
        check_model(path, earlier.facts, model)
        labeled = bool(earlier.facts.class_names) if labeled is None else labeled
    kept_too = check_options(earlier, {"features": features, "thumbnails": thumbnails})
    given = None if codes is None else GivenCodes(codes)
    vectors = vectors_of(earlier, kept_too["features"], given)
    if given is not None:
        given.check_index(path, identity, kept_too, vectors)
    run = {"model": identity, "index of": str(root), "vectors": vectors, **kept_too}
    with UnfinishedCodes(path, run, save_seconds) as done:
        rows = IndexRows(earlier, done)

        def known(name: str, status: tuple[int, int]) -> bool:
            return rows.knows(name, status) or (given is not None and given.knows(name, status))

        files, listed = files_of(root, known, skip_bad_files, max_pixels)
        classes_of(files, bool(labeled))  # refused now, not after an hour
        if given is not None:
            given.check_folder(root, files.names)
            taken = [
                name
                for name in files.names
                if given.knows(name, listed[name]) and not rows.knows(name, listed[name])
            ]
            if taken:
                done.add(given.columns(taken, listed, bool(vectors)))
                rows = IndexRows(earlier, done)
        new = [name for name in files.names if not rows.knows(name, listed[name])]
        broken: list[str] = []
        facts = None if earlier is None else earlier.facts
        if facts is None and given is not None:
            facts = IndexFacts("", identity, given.code_length, 0, "", vectors=vectors)
        if new or facts is None:
            encoder = open_index_encoder(model, vectors)
            facts = facts or IndexFacts(
                "", identity, encoder.code_length, 0, "", vectors=encoder.vectors
            )
        if new:
            on_start(len(new), encoder.engine)
            wanted = FileSource(ImageFiles(root, tuple(new)), None, (), skip_bad_files, max_pixels)
            picture = thumbnail if kept_too["thumbnails"] else no_thumbnail
            broken = encode_new(encoder, wanted, listed, picture, done, progress)
            rows = IndexRows(earlier, done)
        gone = set(broken)
        kept = [name for name in files.names if name not in gone]
        if not kept:
            raise InputError(f"All images of '{root}' are broken.")
        forgotten = len(set(rows.earlier_names).difference(kept))
        labels, class_names = classes_of(ImageFiles(root, tuple(kept)), bool(labeled))
        facts = dataclasses.replace(
            facts,
            model=name_of(model) or facts.model,
            source=str(root),
            class_names=class_names,
        )
        if earlier is None or rows.parts is not None or forgotten or facts != earlier.facts:
            columns = rows.columns(kept, labels)
            facts = dataclasses.replace(
                facts, count=len(kept), vector_length=columns.vectors.shape[1]
            )
            with replacing_folder(path, KIND) as temporary:
                write_index_folder(temporary, facts, columns)
        done.finish()
    index = open_index(path, None if isinstance(model, str | os.PathLike) else model)
    encoded = len(new) - len(broken)
    skipped = (*files.bad, *broken)
    unused = 0 if given is None else len(set(given.row).difference(kept))
    return IndexUpdate(
        index, encoded, len(kept) - encoded, forgotten, skipped, files.others, unused
    )


def vectors_of(earlier: Index | None, features: bool, given: GivenCodes | None) -> str:
    """Returns by what an index ranks again; see `IndexFacts`."""
    if earlier is not None:
        return earlier.facts.vectors
    if features:
        return FEATURES
    return EMBEDDING if given is None or given.has_embeddings else NONE


def classes_of(images: ImageFiles, labeled: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns class ids by folder, int64 `[N]`, and the classes' names; none unless labeled."""
    return labels_by_folder(images) if labeled else (np.empty(0, np.int64), ())
