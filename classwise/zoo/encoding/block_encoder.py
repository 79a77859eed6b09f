"""A worker's part in encoding: one block of images in, one part of codes out.

Workers need what an ONNX file needs, and neither Ray nor TensorFlow is imported here.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_source import ChangedImage, FileSource
from classwise.zoo.datasets.parquet_source import ParquetSource
from classwise.zoo.encoding.code_parts import part_facts, write_part
from classwise.zoo.encoding.encode_to_file import no_codes
from classwise.zoo.encoding.onnx_encoder import OnnxEncoder
from classwise.zoo.encoding.part_files import joined
from classwise.zoo.foundation.errors import InputError

DividedImages = FileSource | ParquetSource


@dataclasses.dataclass(frozen=True)
class Block:
    """Images that are encoded together.

    Args:
        number: of the block.
        images: that it holds.
        identity: of its images, when the run began.
    """

    number: int
    images: DividedImages
    identity: str


@dataclasses.dataclass(frozen=True)
class EncodedBlock:
    """What a worker says of a block.

    Args:
        number: of the block.
        images: how many it was of.
        engine: what encoded it.
        error: why it could not be encoded, in one sentence; empty where it was.
        changed: whether that was because an image was replaced.
    """

    number: int
    images: int
    engine: str = ""
    error: str = ""
    changed: bool = False


class BlockEncoder:
    """Encodes blocks into a folder of parts.

    Args:
        model: the bytes of the ONNX file.
        folder: of the parts, where every worker sees it.
        batch_size: images at a time.
        embeddings: whether to keep embeddings.
        threads: that decode images, and that ONNX Runtime has on a CPU.
        providers, require_provider: see `open_session`.
    """

    def __init__(
        self,
        model: bytes,
        folder: str,
        batch_size: int,
        embeddings: bool,
        threads: int = 1,
        providers: tuple[str, ...] = ("cpu",),
        require_provider: bool = False,
    ):
        self.model, self.folder, self.batch_size = model, Path(folder), batch_size
        self.embeddings, self.threads = embeddings, threads
        self.providers, self.require_provider = providers, require_provider
        self.encoder: OnnxEncoder | None = None

    def encode(self, block: Block) -> EncodedBlock:
        """Writes the part of a block, unless it is there; errors are told, not raised."""
        count = block.images.count
        try:
            if self.encoder is None:
                self.encoder = self._opened()
            if part_facts(self.folder, block.number, block.identity) is None:
                self._write(self.encoder, block)
        except (InputError, OSError) as error:
            changed = isinstance(error, ChangedImage)
            return EncodedBlock(block.number, count, error=sentence(error), changed=changed)
        return EncodedBlock(block.number, count, self.encoder.engine)

    def _opened(self) -> OnnxEncoder:
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "model.onnx"
            file.write_bytes(self.model)
            return OnnxEncoder(file, self.providers, self.require_provider, self.threads)

    def _write(self, encoder: OnnxEncoder, block: Block) -> None:
        stream = block.images.stream(encoder.image_shape, self.batch_size, self.threads)
        if stream.identity != block.identity:
            raise ChangedImage(
                f"'{block.images.names[0]}' or one of the {block.images.count - 1} images after it "
                "was changed or replaced since the run began, or is another one for this worker; "
                "run the command again once they are at rest."
            )
        batches = []
        for images, labels, names, skipped in stream.batches(0):
            columns = {"names": names, "skipped": skipped}
            if labels is not None:
                columns["labels"] = labels
            columns |= encoder.encode_batch(images) if len(names) else no_codes(encoder)
            if not self.embeddings:
                columns.pop("embeddings", None)
            batches.append(columns)
        stream.check_unchanged()
        columns = joined(batches)
        write_part(self.folder, block.number, block.identity, columns, encoder.code_length)


def sentence(error: InputError | OSError) -> str:
    """Returns an error as the command line prints it."""
    if isinstance(error, InputError) or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."


def divided(images: DividedImages, image_shape: tuple[int, int, int], size: int) -> Iterator[Block]:
    """Yields images in blocks of `size`, the last one smaller: the same for the same images."""
    for number, first in enumerate(range(0, images.count, size)):
        part = images.part(first, min(first + size, images.count))
        yield Block(number, part, part.stream(image_shape, size).identity)


def check_names(images: DividedImages) -> None:
    """Raises `InputError` for names that Parquet cannot hold."""
    for name in np.array(images.names, object):
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"The name of '{name}' is no UTF-8, which Parquet cannot hold; rename the file, or "
                "encode with --engine local."
            ) from error
