"""Encoding of images, batch by batch, into a file of codes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_stream import ImageStream
from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.encoding.unfinished_codes import UnfinishedCodes, described_run, part_folder
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file


def encode_to_file(
    encoder: Encoder,
    stream: ImageStream,
    path: str | os.PathLike,
    *,
    embeddings: bool = False,
    progress: Callable[[int], None] | None = None,
    save_seconds: float = 5.0,
) -> tuple[str, ...]:
    """Encodes a stream into an `.npz` file, holding a few batches of images at a time.

    The file has `codes` uint8 `[N, ceil(L / 8)]`, `names` str `[N]`, `code_length`, `model` (what
    tells the model from others), `labels` int64 `[N]` with `class_names` str `[C]` where they are
    known, and `embeddings` float32 `[N, L]` where asked for. It appears once all images are
    encoded. What is done before that lies in the folder `PATH.part`, and a run that was
    interrupted, or failed after some parts were finished, goes on from there.

    Args:
        encoder: from `open_encoder`.
        stream: of `open_images`.
        path: the file to write.
        embeddings: whether to keep embeddings too. Defaults to False.
        progress: called with the number of images of every batch done now.
        save_seconds: how much work an interruption may lose. Defaults to 5.

    Returns:
        the names of the broken images that were left out.

    Raises:
        InputError: the name of the file does not end in .npz; an image is broken, or was replaced
            meanwhile; another run writes the file; the folder was begun with another model, other
            images or options, or is not of such a run; the model gives no embeddings.
        OSError: the file cannot be written.
    """
    check_output(Path(path))
    with begin(encoder, stream, path, embeddings, save_seconds) as done:
        return encode_rest(encoder, stream, done, progress)


def begin(
    encoder: Encoder,
    stream: ImageStream,
    path: str | os.PathLike,
    embeddings: bool = False,
    save_seconds: float = 5.0,
) -> UnfinishedCodes:
    """Returns what an earlier run has done, to enter; arguments as of `encode_to_file`."""
    if embeddings and not encoder.has_embeddings:
        raise InputError("This model gives codes only; export it with its embedding output.")
    run = {"model": encoder.identity, "images": stream.identity, "embeddings": embeddings}
    return UnfinishedCodes(Path(path), run, save_seconds)


def encode_rest(
    encoder: Encoder,
    stream: ImageStream,
    done: UnfinishedCodes,
    progress: Callable[[int], None] | None = None,
    on_foreign: Callable[[np.ndarray], None] = lambda foreign: None,
) -> tuple[str, ...]:
    """Encodes what is not done yet, and writes the file; see `encode_to_file`.

    `on_foreign` is told how foreign the images look, where the encoder can tell.
    """
    with done.keeping(stream.check_unchanged):
        for images, labels, names, skipped in stream.batches(done.count):
            columns = {"names": names, "skipped": skipped}
            if labels is not None:
                columns["labels"] = labels
            columns |= encoder.encode_batch(images) if len(names) else no_codes(encoder)
            if not done.run["embeddings"]:
                columns.pop("embeddings", None)
            done.add(columns)
            if progress is not None:
                progress(len(names) + len(skipped))
    columns = done.columns()
    skipped = columns.pop("skipped")
    foreign = columns.pop("foreign", None)
    if len(skipped) == stream.count:
        done.finish()
        raise InputError(f"All {len(skipped)} images are broken, so there is nothing to write.")
    check_whole(columns, len(skipped), stream.count, done.folder)
    facts = {"code_length": encoder.code_length, "model": encoder.identity}
    if "labels" in columns:
        facts["class_names"] = np.array(stream.class_names, dtype=str)
    with replacing_file(done.output) as temporary:
        np.savez_compressed(temporary, **columns, **facts)
    done.finish()
    if foreign is not None:
        on_foreign(foreign)
    return tuple(map(str, skipped))


def no_codes(encoder: Encoder) -> dict[str, np.ndarray]:
    """Returns the codes of a batch in which every image was broken."""
    length = encoder.code_length
    found = {"codes": np.empty((0, -(-length // 8)), np.uint8)}
    if encoder.has_embeddings:
        found["embeddings"] = np.empty((0, length), np.float32)
    if getattr(encoder, "foreign", None) is not None:
        found["foreign"] = np.empty(0, np.float32)
    return found


def check_whole(columns: dict[str, np.ndarray], skipped: int, count: int, folder: Path) -> None:
    """Raises `InputError` unless there is one row for every image, each under its own name."""
    names = columns["names"]
    rows = {name: len(column) for name, column in columns.items()}
    if set(rows.values()) != {count - skipped}:
        raise InputError(
            f"{folder} holds {rows} rows for {count} images, {skipped} of them skipped; delete it "
            "to start anew."
        )
    if len(set(names.tolist())) != len(names):
        raise InputError(f"{folder} holds images twice; delete it to start anew.")


def check_output(path: Path) -> None:
    """Raises `InputError` unless codes can be written to `path`."""
    if path.suffix != ".npz":
        raise InputError(
            f"The output is {path}; its name must end in .npz. A folder of Parquet, or of Lance "
            "(.lance), is written with --engine ray."
        )
    if path.is_dir():
        raise InputError(f"The output {path} is a folder; name a file in it, such as codes.npz.")
    described_run(part_folder(path))
