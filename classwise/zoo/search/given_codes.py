"""Codes that `classwise encode` wrote, for an index that does not encode again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.encoding.read_codes import is_codes, written_at
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.inputs import check_embeddings
from classwise.zoo.search.image_codes import codes_of, naming, read_arrays
from classwise.zoo.search.int8_embeddings import quantize

ARRAYS = ("codes", "names", "code_length", "model")
# Embeddings made small at once, so that a million need no memory beside themselves.
ROWS = 65_536


class GivenCodes:
    """Codes of images, and where they were kept their embeddings.

    Args:
        path: what `classwise encode` wrote, with either engine.

    Attributes:
        row: of every image, by its name below the folder that was encoded.
        identity: of the model; see `Encoder`.
        code_length: bits L.
        has_embeddings: whether the embeddings were kept.

    Raises:
        InputError: nothing there, something else, damaged or foreign codes, or a name twice.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        if self.path.exists() and not is_codes(self.path):
            raise InputError(
                f"{path} holds no codes; give the file or the folder that `classwise encode` wrote."
            )
        arrays = read_arrays(self.path, ARRAYS)
        with naming(self.path):
            codes = codes_of(arrays)
            self.codes, self.code_length = codes.codes, codes.code_length
            self.embeddings = arrays.get("embeddings")
            if self.embeddings is not None:
                check_embeddings("embeddings", self.embeddings, for_cosine=False)
                if self.embeddings.shape != (len(codes), codes.code_length):
                    raise InputError(
                        f"embeddings has shape {self.embeddings.shape}; those of {len(codes):,} "
                        f"codes have [{len(codes)}, {codes.code_length}]."
                    )
            self.row = {name: row for row, name in enumerate(codes.names)}
            if len(self.row) < len(codes):
                raise InputError("it holds images twice; encode them again.")
        self.identity, self.has_embeddings = codes.model, self.embeddings is not None
        self.written_at = written_at(self.path)

    def knows(self, name: str, status: tuple[int, int]) -> bool:
        """Returns whether an image has a code here, and was not changed since that was written."""
        return name in self.row and status[1] <= self.written_at

    def columns(
        self, names: Sequence[str], listed: dict[str, tuple[int, int]], with_vectors: bool
    ) -> dict[str, np.ndarray]:
        """Returns the rows of images as a run of an index gathers them; see `encode_new`."""
        rows = np.array([self.row[name] for name in names], np.intp)
        vectors = np.empty((len(rows), self.code_length if with_vectors else 0), np.int8)
        for start in range(0, len(rows) if with_vectors else 0, ROWS):
            part = slice(start, start + ROWS)
            vectors[part] = quantize(self.embeddings[rows[part]])
        return {
            "names": np.array(names, str),
            "skipped": np.array([], str),
            "files": np.array([listed[name] for name in names], np.int64),
            "thumbnails": np.empty(0, np.uint8),
            "thumbnail_sizes": np.zeros(len(rows), np.int64),
            "codes": self.codes[rows],
            "vectors": vectors,
        }

    def check_index(self, index: Path, identity: str, kept: dict[str, bool], vectors: str) -> None:
        """Raises `InputError` unless an index can be made of these codes.

        Args:
            index: where it is, or is going to be.
            identity: of its model.
            kept: whether it keeps `features`, and `thumbnails`.
            vectors: by which it ranks again; see `IndexFacts`.
        """
        if self.identity != identity:
            raise InputError(
                f"{self.path} holds codes of another model than {index} is made with; name the "
                "one that encoded them (--model)."
            )
        for name in (name for name, wanted in kept.items() if wanted):
            raise InputError(
                f"{index} keeps {name}, and {self.path} holds none; leave one of them out."
            )
        if vectors and not self.has_embeddings:
            raise InputError(
                f"{index} ranks again by embeddings, and {self.path} holds none; encode with "
                "--embeddings, or make another index."
            )

    def check_folder(self, root: Path, names: Sequence[str]) -> None:
        """Raises `InputError` where no image of a folder has a code here."""
        if not any(name in self.row for name in names):
            raise InputError(
                f"{self.path} holds no code of an image in {root}: it knows "
                f"'{next(iter(self.row))}', and the folder has '{names[0]}'; give the folder that "
                "was encoded."
            )
