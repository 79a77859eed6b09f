"""Lance: a folder of columns, on a disk or copied to object storage, read by many at once."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.extras import require
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.search.image_codes import ImageCodes, naming
from classwise.zoo.search.stores.store import (
    Found,
    Place,
    Search,
    Store,
    facts_text,
    parse_facts,
)

KIND = "a Lance store"
FACTS = b"classwise"
COLUMNS = ["id", "name", "code", "_distance"]
BATCH = 100_000


@contextlib.contextmanager
def writing(codes: ImageCodes, place: Place, replace: bool) -> Iterator[Search]:
    lance = opened_package()
    if "://" in place.address:
        raise InputError(
            f"{place.address} is no path; write a folder, which may be copied to object storage."
        )
    path = place.path
    check_new_folder(path, KIND, "photos.lance", replace, "--force to replace it")
    with replacing_folder(path, KIND) as folder:
        with named_failures(path):
            dataset = lance.write_dataset(batches(codes), str(folder), schema_of(codes))
        yield searched(dataset)


def opened_package():
    os.environ.setdefault("LANCE_LOG", "error")  # its remarks are about nothing that is wrong
    return require("lance", "lance")


def schema_of(codes: ImageCodes):
    import pyarrow as pa

    width = codes.codes.shape[1]
    return pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            pa.field("name", pa.string(), nullable=False),
            pa.field("code", pa.list_(pa.uint8(), width), nullable=False),
            pa.field("label", pa.int64()),
            pa.field("class_name", pa.string()),
        ],
        {FACTS: facts_text(codes)},
    )


def batches(codes: ImageCodes):
    """Yields the rows, some at a time."""
    import pyarrow as pa

    schema = schema_of(codes)
    for start in range(0, len(codes), BATCH):
        rows = range(start, min(start + BATCH, len(codes)))
        part = slice(rows.start, rows.stop)
        labels = None if codes.labels is None else codes.labels[part]
        yield pa.record_batch(
            [
                pa.array(np.arange(rows.start, rows.stop)),
                pa.array(codes.names[part], pa.string()),
                pa.FixedSizeListArray.from_arrays(
                    pa.array(codes.codes[part].ravel()), codes.codes.shape[1]
                ),
                pa.nulls(len(rows), pa.int64()) if labels is None else pa.array(labels),
                pa.array([codes.class_of(row) for row in rows], pa.string()),
            ],
            schema=schema,
        )


@contextlib.contextmanager
def named_failures(path: Path) -> Iterator[None]:
    """Turns what Lance raises, several lines about its own sources, into one about the disk."""
    try:
        yield
    except OSError as error:
        why = str(error).partition(", /")[0].splitlines()[0][:200]
        raise OSError(errno.EIO, f"Lance cannot write it ({why})", str(path)) from error


def searched(dataset) -> Search:
    import pyarrow as pa

    def search(query: np.ndarray, k: int) -> Found:
        nearest = {"column": "code", "q": pa.array(query), "k": k, "metric": "hamming"}
        rows = dataset.to_table(columns=COLUMNS, nearest=nearest)
        return Found(
            np.asarray(rows["id"]),
            np.asarray(rows["_distance"]),
            matrix(rows["code"], len(query)),
            rows["name"].to_pylist(),
        )

    return search


def matrix(column, width: int) -> np.ndarray:
    """Returns a column of lists of bytes as uint8 `[N, width]`."""
    return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


def read(place: Place) -> ImageCodes:
    lance = opened_package()
    path = place.path
    if not path.is_dir():
        raise InputError(f"There is no folder {path}; `classwise store --to lance:` writes one.")
    try:
        dataset = lance.dataset(str(path))
        facts = parse_facts((dataset.schema.metadata or {}).get(FACTS), str(path))
        rows = dataset.to_table(columns=["name", "code", "label"])
    except InputError:
        raise
    except Exception as error:  # OSError, ValueError, RuntimeError, Rust's panics: by the damage
        raise InputError(f"{path} is no folder that Lance can read; write it anew.") from error
    labels = rows["label"]
    with naming(path):
        return ImageCodes(
            rows["name"].to_pylist(),
            matrix(rows["code"], dataset.schema.field("code").type.list_size),
            facts["code_length"],
            facts["model"],
            None if labels.null_count else labels.to_numpy(),
            tuple(facts["class_names"]),
        )


STORE = Store(
    name="lance",
    title="Lance",
    address="PATH",
    extra="lance",
    packages=("lance", "pyarrow"),
    writing=writing,
    read=read,
    keeps="a list of `ceil(L / 8)` `uint8`, the bytes as they are",
    right='a flat search (`metric="hamming"`, no index), or IVF over distinct codes',
    only_text=True,
)
