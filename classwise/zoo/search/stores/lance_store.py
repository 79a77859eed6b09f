"""Lance: a folder of columns, on a disk or copied to object storage, read by many at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np

from classwise.zoo.encoding.code_facts import facts_text, parse_facts
from classwise.zoo.encoding.lance_codes import (
    FACTS,
    matrix,
    named_failures,
    opened_package,
    schema_of,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.search.image_codes import ImageCodes, naming
from classwise.zoo.search.stores.store import (
    Found,
    Place,
    Search,
    Store,
)

KIND = "a Lance store"
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
            dataset = lance.write_dataset(batches(codes), str(folder), schema_for(codes))
        yield searched(dataset)


def schema_for(codes: ImageCodes):
    """Returns the columns of a store."""
    facts = facts_text(codes.code_length, codes.model, codes.class_names)
    return schema_of(codes.codes.shape[1], facts)


def batches(codes: ImageCodes):
    """Yields the rows, some at a time."""
    import pyarrow as pa

    schema = schema_for(codes)
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
