"""The files of an index: a folder that appears whole or not at all, and is opened at once."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.integers import as_integer
from classwise.zoo.foundation.settings import read_json

FORMAT_VERSION = 1
FACTS = "index.json"
KIND = "an index"


@dataclasses.dataclass(frozen=True)
class IndexFacts:
    """What is known of an index before any array is read.

    Args:
        model: the model as it was named: a preset, or the path of a file; empty for a hasher that
            was given as such.
        identity: the same for the same weights only; see `Encoder`.
        code_length: bits L.
        count: images N.
        source: the folder whose images they are, an absolute path.
        vectors: what the vectors for re-ranking are: "embedding", "features" of the backbone, or
            "" where there are none.
        vector_length: their components D, 0 where there are none.
        class_names: of the labels; empty where images have none.
        format_version: of the files.
    """

    model: str
    identity: str
    code_length: int
    count: int
    source: str
    vectors: str = ""
    vector_length: int = 0
    class_names: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION


@dataclasses.dataclass(frozen=True)
class IndexColumns:
    """What an index keeps of each of its N images; arrays stay on disk until they are used.

    Args:
        names: relative to the source, with "/" between folders, as bytes, one after the other.
        name_ends: int64 `[N]`, where each ends in `names`.
        codes: uint8 `[N, ceil(L / 8)]`.
        vectors: int8 `[N, D]` from `quantize`.
        files: int64 `[N, 2]`, size in bytes and time of change in nanoseconds.
        labels: int64 `[N]`, `[0]` where images have none.
        thumbnails: JPEG files, one after the other; empty where none were asked for.
        thumbnail_ends: int64 `[N]`, where each ends in `thumbnails`; `[0]` without them.
    """

    names: np.ndarray
    name_ends: np.ndarray
    codes: np.ndarray
    vectors: np.ndarray
    files: np.ndarray
    labels: np.ndarray
    thumbnails: np.ndarray
    thumbnail_ends: np.ndarray

    def name(self, item: int) -> str:
        """Returns the name of one image."""
        return as_name(piece(self.names, self.name_ends, item))

    def all_names(self) -> list[str]:
        """Returns all names, in order."""
        ends, whole = self.name_ends.tolist(), self.names.tobytes()
        return [as_name(whole[s:e]) for s, e in zip([0, *ends[:-1]], ends, strict=True)]

    def thumbnail(self, item: int) -> bytes:
        """Returns the JPEG file of one image's thumbnail, empty where there is none."""
        return piece(self.thumbnails, self.thumbnail_ends, item) if self.has_thumbnails else b""

    @property
    def has_thumbnails(self) -> bool:
        return len(self.thumbnail_ends) > 0


def piece(values: np.ndarray, ends: np.ndarray, item: int) -> bytes:
    """Returns one of several strings of bytes that lie one after the other."""
    start = int(ends[item - 1]) if item else 0
    return values[start : int(ends[item])].tobytes()


def as_name(text: bytes) -> str:
    # As `os.fsdecode` has it: names need not be text in any encoding.
    return text.decode("utf-8", "surrogateescape")


def packed_names(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns names as bytes, one after the other, and where each ends.

    Example:

    >>> text, ends = packed_names(["a.jpg", "b/c.jpg"])
    >>> text.tobytes(), ends.tolist()
    (b'a.jpgb/c.jpg', [5, 12])
    """
    parts = [name.encode("utf-8", "surrogateescape") for name in names]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), np.uint8), ends


def write_index_folder(folder: Path, facts: IndexFacts, columns: IndexColumns) -> None:
    """Writes an index into an empty folder."""
    for field in dataclasses.fields(columns):
        np.save(folder / f"{field.name}.npy", getattr(columns, field.name))
    text = json.dumps(dataclasses.asdict(facts), indent=2)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")


def read_facts(path: Path) -> IndexFacts:
    """Reads the facts of an index.

    Raises:
        InputError: no index, a damaged one, or one of a newer format.
    """
    if not path.exists():
        raise InputError(
            f"There is no index {path}; make it with: classwise index FOLDER -o {path.name}"
        )
    if not (path / FACTS).is_file():
        raise InputError(f"{path} is no index, which is a folder that `classwise index` writes.")
    try:
        facts = read_json(path / FACTS)
        version = facts["format_version"]
        if version <= FORMAT_VERSION:
            facts["class_names"] = tuple(map(str, facts["class_names"]))
            return checked(IndexFacts(**facts))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(path, str(error)) from error
    raise InputError(
        f"{path} has format version {version}, and this classwise reads up to {FORMAT_VERSION}; "
        "upgrade it, or make the index anew."
    )


def checked(facts: IndexFacts) -> IndexFacts:
    """Returns facts whose types are right, or raises `TypeError`."""
    texts = (facts.model, facts.identity, facts.source, facts.vectors)
    numbers = (facts.code_length, facts.count, facts.vector_length)
    right = all(isinstance(text, str) for text in texts) and all(
        as_integer(number) is not None and number >= 0 for number in numbers
    )
    if not right or facts.code_length < 1 or facts.count < 1:
        raise TypeError("its facts are of other types")
    return facts


def read_columns(path: Path, facts: IndexFacts) -> IndexColumns:
    """Opens the arrays of an index, without reading them.

    Raises:
        InputError: an array is missing, damaged or of another size.
    """
    names = [field.name for field in dataclasses.fields(IndexColumns)]
    try:
        columns = IndexColumns(**{name: opened_array(path / f"{name}.npy") for name in names})
    except PermissionError:
        raise  # says what is wrong; making the index anew would not help
    except (OSError, ValueError, EOFError) as error:
        raise damaged(path, str(error)) from error
    count = facts.count
    expected = {
        "codes": (np.uint8, (count, -(-facts.code_length // 8))),
        "vectors": (np.int8, (count, facts.vector_length)),
        "files": (np.int64, (count, 2)),
        "labels": (np.int64, (count if facts.class_names else 0,)),
        "names": (np.uint8, (columns.name_ends[-1:].sum(),)),
        "name_ends": (np.int64, (count,)),
        "thumbnails": (np.uint8, (columns.thumbnail_ends[-1:].sum(),)),
        "thumbnail_ends": (np.int64, (count if columns.has_thumbnails else 0,)),
    }
    for name, (dtype, shape) in expected.items():
        array = getattr(columns, name)
        if array.dtype != dtype or array.shape != shape:
            raise damaged(path, f"{name} is {array.dtype} of shape {array.shape}, not {shape}")
    for name in ("name_ends", "thumbnail_ends"):
        ends = getattr(columns, name)
        if (ends[:1] < 0).any() or (ends[1:] < ends[:-1]).any():
            raise damaged(path, f"{name} do not ascend")
    if ((columns.labels < 0) | (columns.labels >= len(facts.class_names))).any():
        raise damaged(path, "labels are of no class")
    return columns


def opened_array(path: Path) -> np.ndarray:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(array) if array.size else np.empty(array.shape, array.dtype)


def damaged(path: Path, why: str) -> InputError:
    return InputError(f"The index {path} is damaged ({why}); delete it and make it anew.")
