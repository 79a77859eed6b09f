"""Codes in Lance: one data set, made of the parts that workers wrote, and read back.

A row has `id`, `name`, `code` (a list of `ceil(L / 8)` uint8), `label` and `class_name`, which are
null where images have no classes, and where asked for `embedding`, a list of L float32.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.encoding.code_facts import facts_text
from classwise.zoo.encoding.code_parts import columns_of, damaged, part_path, read_manifest
from classwise.zoo.foundation.extras import require

SUFFIX = ".lance"
FACTS = b"classwise"


def opened_package():
    os.environ.setdefault("LANCE_LOG", "error")  # its remarks are about nothing that is wrong
    return require("lance", "lance")


def schema_of(bytes_a_code: int, facts: str, embedding: int = 0):
    """Returns the columns of codes in Lance, as pyarrow has them.

    Args:
        bytes_a_code: ceil(L / 8).
        facts: from `facts_text`.
        embedding: components of the embeddings, 0 where they are not kept.
    """
    import pyarrow as pa

    columns = [
        pa.field("id", pa.int64(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("code", pa.list_(pa.uint8(), bytes_a_code), nullable=False),
        pa.field("label", pa.int64()),
        pa.field("class_name", pa.string()),
    ]
    if embedding:
        columns.append(pa.field("embedding", pa.list_(pa.float32(), embedding), nullable=False))
    return pa.schema(columns, {FACTS: facts})


@contextlib.contextmanager
def named_failures(path: Path) -> Iterator[None]:
    """Turns what Lance raises, several lines about its own sources, into one about the disk."""
    try:
        yield
    except OSError as error:
        why = str(error).partition(", /")[0].splitlines()[0][:200]
        raise OSError(errno.EIO, f"Lance cannot write it ({why})", str(path)) from error


def matrix(column, width: int) -> np.ndarray:
    """Returns a column of lists, `[N, width]`."""
    return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


def write_lance(parts: Path, numbers: Iterable[int], folder: Path, facts: Mapping) -> None:
    """Writes the rows of parts into a new folder of Lance, and reads back that they are there.

    Args:
        parts: the folder of the parts.
        numbers: of the parts, in order.
        folder: what is made.
        facts: of the manifest: `code_length`, `model`, `class_names`, and of the run `embeddings`.

    Raises:
        InputError: a part is damaged.
        OSError: the folder cannot be written, or does not hold what was written into it.
    """
    lance = opened_package()
    length = facts["code_length"]
    text = facts_text(length, facts["model"], facts["class_names"])
    schema = schema_of(-(-length // 8), text, length if facts["run"].get("embeddings") else 0)
    parquet = require("pyarrow.parquet", "ray")
    written, found = hashlib.sha256(), hashlib.sha256()

    def batches():
        first = 0
        for number in numbers:
            path = part_path(parts, number)
            try:
                columns = columns_of(parquet.read_table(path, partitioning=None), length)
            except Exception as error:
                raise damaged(path) from error
            written.update(columns["codes"].tobytes())
            yield batch_of(columns, first, facts["class_names"], schema)
            first += len(columns["names"])

    with named_failures(folder):
        dataset = lance.write_dataset(batches(), str(folder), schema)
        for batch in dataset.to_batches(columns=["code"]):
            found.update(batch["code"].flatten().to_numpy().tobytes())
        if found.digest() != written.digest():
            raise OSError("it holds other codes than were written")


def batch_of(columns: Mapping[str, np.ndarray], first: int, class_names: list[str], schema):
    """Returns the columns of a part as rows of Lance, the first of which has the id `first`."""
    import pyarrow as pa

    count, labels = len(columns["names"]), columns.get("labels")
    arrays = [
        pa.array(np.arange(first, first + count)),
        pa.array(columns["names"].tolist(), pa.string()),
        listed(columns["codes"]),
        pa.nulls(count, pa.int64()) if labels is None else pa.array(labels, pa.int64()),
        pa.nulls(count, pa.string())
        if labels is None
        else pa.array(class_names, pa.string()).take(pa.array(labels)),
    ]
    if "embeddings" in columns:
        arrays.append(listed(columns["embeddings"]))
    return pa.record_batch(arrays, schema=schema)


def listed(rows: np.ndarray):
    """Returns rows `[N, width]` as lists of fixed length."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def read_lance_codes(folder: Path) -> dict[str, np.ndarray]:
    """Reads all codes of a folder, under the names that a file of `classwise encode` has.

    Raises:
        InputError: the folder is not whole, or damaged.
    """
    facts = read_manifest(folder)
    lance = opened_package()
    length = facts["code_length"]
    try:
        rows = lance.dataset(str(folder)).to_table()
        columns = {
            "codes": matrix(rows["code"], -(-length // 8)),
            "names": np.array(rows["name"].to_pylist(), dtype=str),
        }
        if "embedding" in rows.column_names:
            columns["embeddings"] = matrix(rows["embedding"], length)
        if not rows["label"].null_count:
            columns["labels"] = rows["label"].to_numpy()
            columns["class_names"] = np.array(facts["class_names"], dtype=str)
    except Exception as error:  # OSError, ValueError, RuntimeError, Rust's panics: by the damage
        raise damaged(folder) from error
    if len(columns["names"]) != facts["rows"]:
        raise damaged(folder)
    return columns | {"code_length": np.array(length), "model": np.array(facts["model"])}
