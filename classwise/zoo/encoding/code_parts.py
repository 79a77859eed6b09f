"""A folder of codes: Parquet parts, each of one block of images, and a manifest once all are there.

A part `part-000012.parquet` has a row for every image of block 12: `name` string, `code` binary of
fixed width, and where asked for `embedding`, a list of fixed length of float32, and `label` int64.
Files that begin with "_" are passed over by what reads folders of Parquet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.settings import read_json

MANIFEST = "_manifest.json"
FORMAT = 1
# Of a part: its number, the identity of its images, and the names of broken ones.
FACTS = b"classwise"
# What `replacing_file` had begun to write when a worker was killed.
LEFT_BEHIND = re.compile(r"\.(part-\d{6,}\.[0-9a-f]{8}\.parquet|_manifest\.[0-9a-f]{8}\.json)")


def part_path(folder: Path, number: int) -> Path:
    return folder / f"part-{number:06d}.parquet"


def write_part(
    folder: Path, number: int, identity: str, columns: Mapping[str, np.ndarray], code_length: int
) -> None:
    """Writes the codes of a block of images; the file appears whole.

    Args:
        folder: where; it must be there.
        number: of the block.
        identity: of its images.
        columns: `codes`, `names`, `skipped`, and `embeddings` and `labels` where they are kept.
        code_length: bits of a code.

    Raises:
        OSError: the file cannot be written.
    """
    pyarrow, parquet = require("pyarrow", "ray"), require("pyarrow.parquet", "ray")
    codes = np.ascontiguousarray(columns["codes"], np.uint8)
    width = pyarrow.binary(-(-code_length // 8))
    arrays = {
        "name": pyarrow.array(columns["names"].tolist(), pyarrow.string()),
        "code": pyarrow.FixedSizeBinaryArray.from_buffers(
            width, len(codes), [None, pyarrow.py_buffer(codes.tobytes())]
        ),
    }
    if "embeddings" in columns:
        flat = pyarrow.array(np.asarray(columns["embeddings"], np.float32).ravel())
        arrays["embedding"] = pyarrow.FixedSizeListArray.from_arrays(flat, code_length)
    if "labels" in columns:
        arrays["label"] = pyarrow.array(columns["labels"], pyarrow.int64())
    facts = {"part": number, "images": identity, "skipped": columns["skipped"].tolist()}
    table = pyarrow.table(arrays).replace_schema_metadata({FACTS: json.dumps(facts)})
    if not folder.is_dir():
        raise FileNotFoundError(2, "The folder of the parts is gone", str(folder))
    with replacing_file(part_path(folder, number)) as temporary:
        parquet.write_table(table, temporary)


def part_facts(folder: Path, number: int, identity: str) -> tuple[int, list[str]] | None:
    """Returns how many codes a part has and the broken images left out; None if it is not there.

    Raises:
        InputError: it is damaged, or of other images.
    """
    path = part_path(folder, number)
    if not path.exists():
        return None
    parquet = require("pyarrow.parquet", "ray")
    try:
        metadata = parquet.read_metadata(path)
        facts = json.loads(metadata.metadata[FACTS])
        found = facts["part"], facts["images"], list(map(str, facts["skipped"]))
    except Exception as error:  # pyarrow's have no base of their own
        raise damaged(path) from error
    if found[:2] != (number, identity):
        raise InputError(
            f"{path} holds codes of other images than the run began with; delete {folder} to start "
            "anew."
        )
    return metadata.num_rows, found[2]


def write_manifest(folder: Path, facts: Mapping[str, object]) -> None:
    """Writes what makes a folder of parts whole: model, code length, numbers of rows and parts."""
    with replacing_file(folder / MANIFEST) as temporary:
        text = json.dumps({"format": FORMAT, **facts}, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def is_code_folder(path: Path) -> bool:
    """Returns whether a path is a folder of codes that is whole."""
    return (path / MANIFEST).is_file()


def read_manifest(folder: Path) -> dict:
    """Reads the manifest of a folder of codes.

    Raises:
        InputError: it is not one, or of a newer format.
    """
    if not is_code_folder(folder):
        raise InputError(
            f"{folder} holds no {MANIFEST}, so it is no folder of codes that is whole; run "
            "`classwise encode --engine ray` to its end."
        )
    facts = read_json(folder / MANIFEST)
    kinds = dict.fromkeys(("rows", "parts", "begun", "code_length"), int)
    kinds |= {"model": str, "class_names": list}
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise damaged(folder / MANIFEST)
    if facts["format"] > FORMAT:
        raise InputError(
            f"{folder} is of format {facts['format']}, and this classwise reads {FORMAT}; install "
            "a newer one."
        )
    if any(not isinstance(facts.get(key), kind) for key, kind in kinds.items()):
        raise damaged(folder / MANIFEST)
    return facts


def read_code_folder(folder: Path) -> dict[str, np.ndarray]:
    """Reads all codes of a folder, under the names that a file of `classwise encode` has.

    Raises:
        InputError: the folder is not whole, or a part is damaged.
    """
    facts = read_manifest(folder)
    parquet = require("pyarrow.parquet", "ray")
    length, read = facts["code_length"], []
    for number in range(facts["parts"]):
        path = part_path(folder, number)
        try:
            read.append(columns_of(parquet.read_table(path, partitioning=None), length))
        except Exception as error:
            raise damaged(path) from error
    columns = {name: np.concatenate([part[name] for part in read]) for name in read[0]}
    if len(columns["names"]) != facts["rows"]:
        raise damaged(folder)
    columns |= {"code_length": np.array(length), "model": np.array(facts["model"])}
    if "labels" in columns:
        columns["class_names"] = np.array(facts["class_names"], dtype=str)
    return columns


def columns_of(table, code_length: int) -> dict[str, np.ndarray]:
    """Returns the columns of one part as arrays; `table` is of pyarrow."""
    table = table.combine_chunks()
    bytes_a_code = -(-code_length // 8)
    content = b"".join(table["code"].to_pylist())
    columns = {
        "codes": np.frombuffer(content, np.uint8).reshape(table.num_rows, bytes_a_code),
        "names": np.array(table["name"].to_pylist(), dtype=str),
    }
    if "embedding" in table.column_names:
        flat = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        columns["embeddings"] = flat.reshape(table.num_rows, code_length)
    if "label" in table.column_names:
        columns["labels"] = table["label"].to_numpy()
    return columns


def damaged(path: Path) -> InputError:
    return InputError(f"{path} is missing or damaged; encode the images again.")
