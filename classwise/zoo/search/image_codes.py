"""Codes of images by their names: what goes into a store, and comes out of it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.encoding.read_codes import read_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import check_labels
from classwise.zoo.retrieval.inputs import check_codes
from classwise.zoo.search.index import Index


@dataclasses.dataclass(frozen=True, eq=False)
class ImageCodes:
    """Names and codes of N images.

    Args:
        names: one an image.
        codes: uint8 `[N, ceil(L / 8)]`, bits in the order of `numpy.packbits`, zero padded.
        code_length: bits L.
        model: what tells the model that made them from others. Defaults to unknown.
        labels: class ids, int64 `[N]`. Defaults to None: images have no classes.
        class_names: of the labels. Defaults to none.

    Raises:
        InputError: codes, names or labels that do not fit each other.
    """

    names: list[str]
    codes: np.ndarray
    code_length: int
    model: str = ""
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        codes, code_length = check_codes("codes", self.codes, self.code_length)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "code_length", code_length)
        if len(self.names) != len(codes):
            raise InputError(f"There are {len(self.names):,} names for {len(codes):,} codes.")
        if self.labels is not None:
            labels = check_labels("labels", self.labels, len(codes), len(self.class_names) or None)
            if labels.ndim != 1:
                raise InputError("labels are multi-hot; a store keeps one class an image.")
            object.__setattr__(self, "labels", labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        return f"ImageCodes({len(self):,} images, {self.code_length} bits)"

    def class_of(self, item: int) -> str | None:
        """Returns the name of an image's class, None where images have none."""
        if self.labels is None or not self.class_names:
            return None
        return self.class_names[int(self.labels[item])]


def codes_of_index(index: Index) -> ImageCodes:
    """Returns the names and codes of an index."""
    facts, columns = index.facts, index.columns
    return ImageCodes(
        columns.all_names(),
        columns.codes,
        facts.code_length,
        facts.identity,
        columns.labels if facts.class_names else None,
        facts.class_names,
    )


def read_code_file(path: Path) -> ImageCodes:
    """Reads what `classwise encode` wrote: a file, or the folder of `--engine ray`.

    Raises:
        InputError: nothing there, something else, or damaged codes.
    """
    arrays = read_arrays(path, ("codes", "names", "code_length"))
    with naming(path):
        return codes_of(arrays)


def read_arrays(path: Path, needed: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Returns the arrays of codes; raises `InputError` where some are missing."""
    arrays = read_codes(path)
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}; it must hold what `classwise encode` or "
            "`classwise store` writes."
        )
    return arrays


def codes_of(arrays: dict[str, np.ndarray]) -> ImageCodes:
    """Returns the codes of a file's arrays.

    Raises:
        InputError: they are of other types.
    """
    length, names = arrays["code_length"], arrays["names"]
    if length.size != 1 or length.dtype.kind not in "iu":
        raise InputError(f"code_length is {length}; it must be one integer.")
    if names.ndim != 1 or names.dtype.kind != "U":
        raise InputError(f"names is {names.dtype} of shape {names.shape}; it must be texts [N].")
    return ImageCodes(
        names.tolist(),
        arrays["codes"],
        int(length.item()),
        str(arrays.get("model", "")),
        arrays.get("labels"),
        tuple(map(str, np.atleast_1d(arrays.get("class_names", [])).tolist())),
    )


@contextlib.contextmanager
def naming(place: object) -> Iterator[None]:
    """Names a place in the sentence about what does not fit there."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
