"""A text file that names images and their labels, one image a line, as the hashing field has it."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError

FORM = (
    "write an image a line: its path, then a 0 or 1 for every class, or the number of its one class"
)


@dataclasses.dataclass(frozen=True, eq=False)
class ImageList:
    """Images by name, with their labels.

    Args:
        file: what it was read from, for messages.
        names: paths, relative to a folder that the list does not tell.
        labels: multi-hot, uint8 `[N, C]`, or class ids, int64 `[N]`.
    """

    file: str
    names: list[str]
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def num_classes(self) -> int:
        """C, the number of columns; of class ids, one more than the largest."""
        return int(self.labels.max()) + 1 if self.labels.ndim == 1 else self.labels.shape[1]

    @property
    def unlabeled(self) -> int:
        """How many images carry no label."""
        return 0 if self.labels.ndim == 1 else int((~self.labels.any(axis=1)).sum())

    @property
    def one_label_each(self) -> bool:
        """Whether every image carries exactly one label."""
        return self.labels.ndim == 1 or bool((self.labels.sum(axis=1) == 1).all())

    def digest(self) -> str:
        """Computes a SHA-256 of the images' file names and labels, in any order.

        Folders do not count, so that a list with others in front of its paths is the same list.
        """
        ids = self.labels.ndim == 1
        width = 1 if ids else self.labels.shape[1]
        text = self.labels.astype("<i8") if ids else self.labels + np.uint8(ord("0"))
        content, step = text.tobytes(), text.itemsize * width
        lines = sorted(
            os.fsencode(name.rpartition("/")[2]) + b" " + content[i * step : (i + 1) * step]
            for i, name in enumerate(self.names)
        )
        return hashlib.sha256(b"\n".join(lines)).hexdigest()


def read_image_list(source: str | os.PathLike) -> ImageList:
    """Reads a list of images with labels; empty lines are passed over.

    Args:
        source: a text file, or a pattern such as `"test/database*.txt"` for one in several files.

    Raises:
        InputError: no such file, no line in it, or a line without labels or with more or fewer of
            them than the first.
    """
    lines = [line for file in _files(source) for line in _lines(file)]
    if not lines:
        raise InputError(f"'{source}' lists no image; {FORM}.")
    width = len(_labels(lines[0]))
    if width == 0:
        raise InputError(f"'{source}' begins '{_shown(lines[0])}', without labels; {FORM}.")
    names, labels = _ids(source, lines) if width == 1 else _rows(source, lines, width)
    return ImageList(str(source), _plain(os.fsdecode(b"\n".join(names))), labels)


def _files(source: str | os.PathLike) -> list[Path]:
    path = Path(source)
    if path.is_file():
        return [path]
    found = [Path(file) for file in sorted(glob.glob(str(source)))]  # noqa: PTH207 - an absolute pattern, too
    if not found or not all(file.is_file() for file in found):
        raise InputError(f"There is no list of images '{source}'; {FORM}.")
    return found


def _lines(file: Path) -> list[bytes]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"'{file}' cannot be read: {error.strerror}.") from error
    lines = [line.rstrip() for line in content.replace(b"\t", b" ").splitlines()]
    return [line for line in lines if line]


def _rows(
    source: str | os.PathLike, lines: Sequence[bytes], width: int
) -> tuple[list[bytes], np.ndarray]:
    """Returns paths, and multi-hot labels: all lines at once where one space stands between."""
    size = 2 * width  # a space and a digit for every class
    ends = b"".join([line[-size:] for line in lines])
    if len(ends) == len(lines) * size:
        columns = np.frombuffer(ends, np.uint8).reshape(len(lines), width, 2)
        spaces, digits = columns[:, :, 0], columns[:, :, 1]
        names = [line[:-size] for line in lines]
        joined = b"\n".join([b"", *names, b""])
        other = any(end in joined for end in (b" 0\n", b" 1\n", b" \n", b"\n\n"))
        if not other and (spaces == ord(" ")).all() and (digits | 1 == ord("1")).all():
            return names, digits - np.uint8(ord("0"))
    names, rows = [], []
    for number, line in enumerate(lines, 1):
        row = _labels(line)
        if len(row) != width:
            raise InputError(
                f"Line {number} of '{source}', '{_shown(line)}', ends with {len(row)} labels that "
                f"are 0 or 1, the first line with {width}; {FORM}."
            )
        names.append(line.rsplit(None, width)[0])
        rows.append(row)
    return names, np.array(rows, np.uint8)


def _ids(source: str | os.PathLike, lines: Sequence[bytes]) -> tuple[list[bytes], np.ndarray]:
    names, labels = [], []
    for number, line in enumerate(lines, 1):
        name, _, label = line.rpartition(b" ")
        if not label.isdigit() or len(label) > 9 or not name.strip() or len(_labels(line)) > 1:
            raise InputError(
                f"Line {number} of '{source}', '{_shown(line)}', does not end with one class id, "
                f"as the first line does; {FORM}."
            )
        names.append(name.rstrip())
        labels.append(int(label))
    return names, np.array(labels, np.int64)


def _labels(line: bytes) -> list[int]:
    """Returns the labels that a line ends with: zeros and ones, or else one class id."""
    words = line.split()[1:]
    count = 0
    while count < len(words) and words[-1 - count] in (b"0", b"1"):
        count += 1
    if count == 0 and words and words[-1].isdigit():
        return [int(words[-1])]
    return [int(word) for word in words[len(words) - count :]]


def _plain(text: str) -> list[str]:
    """Returns the paths, a line each, without "." and doubled slashes: an image has one name."""
    names = text.split("\n")
    if "//" in text or "/." in text:
        return [posixpath.normpath(name) for name in names]
    return [name.removeprefix("./") for name in names] if "./" in text else names


def _shown(line: bytes) -> str:
    text = os.fsdecode(line).encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
