"""Measures searches of codes and of an index, and writes bench/results/search.json.

    python bench/search.py [OUTPUT] [--rounds 5] [--quick]

A million codes of 64 bits, once all distinct and once collapsed to 10,255 values, as a trained
hasher's are; 64 queries at a time, which are not among them, top 100. faiss's IndexBinaryFlat and
ours take turns, on the same threads. `--quick` takes a twentieth of the codes.
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

from bench.retrieval import in_own_process
from bench.timing.options_given import options_given
from bench.timing.turns import alternating, median_ratio
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.search.code_groups import CodeGroups
from classwise.zoo.search.index_folder import (
    KIND,
    IndexColumns,
    IndexFacts,
    packed_names,
    write_index_folder,
)
from classwise.zoo.search.open_index import open_index

RESULTS = Path(__file__).parent / "results" / "search.json"
BYTES, DISTINCT, QUERIES, TOP = 8, 10_255, 64, 100
NOTHING = np.empty(0, np.int64)


def random_codes(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, BYTES), np.uint8)


def collapsed_codes(count: int, seed: int) -> np.ndarray:
    """Codes of few values, some of them far more frequent than others, as classes are."""
    random = np.random.default_rng(seed)
    weights = random.lognormal(0, 2, DISTINCT)
    return random_codes(DISTINCT, 0)[random.choice(DISTINCT, count, p=weights / weights.sum())]


def compare(codes: np.ndarray, rounds: int) -> dict:
    """Returns seconds for a batch of queries by faiss and by us, and faiss's over ours."""
    groups, flat = CodeGroups(codes), faiss.IndexBinaryFlat(8 * BYTES)
    flat.add(codes)
    queries = random_codes(QUERIES, 9)
    expected, _ = flat.search(queries, TOP)
    np.testing.assert_array_equal(np.stack(groups.nearest(queries, TOP).distances), expected)
    contenders = {
        "faiss": lambda: flat.search(queries, TOP),
        "ours": lambda: groups.nearest(queries, TOP),
    }
    seconds = alternating(contenders, rounds)
    return {
        "distinct": len(groups.counts),
        "seconds": {name: statistics.median(values) for name, values in seconds.items()},
        "faiss / ours": median_ratio(seconds, "faiss", "ours"),
    }


def single_query(codes: np.ndarray, rounds: int) -> dict:
    """Returns milliseconds of a query alone, on one thread, as faiss and we answer it.

    Turns are short, so that there are more of them: what else runs comes and goes meanwhile.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    groups, flat = CodeGroups(codes), faiss.IndexBinaryFlat(8 * BYTES)
    flat.add(codes)
    queries = random_codes(20, 9)

    def each(search):
        for row in range(len(queries)):
            search(queries[row : row + 1], TOP)

    seconds = alternating(
        {"faiss": lambda: each(flat.search), "ours": lambda: each(groups.nearest)}, 5 * rounds
    )
    faiss.omp_set_num_threads(threads)
    milliseconds = {n: np.multiply(s, 1000 / len(queries)) for n, s in seconds.items()}
    least = {f"{n}, the least": float(s.min()) for n, s in milliseconds.items()}
    return {n: float(np.median(s)) for n, s in milliseconds.items()} | least


def made_up_index(path: str, count: int) -> dict:
    """Writes an index of distinct codes and vectors of 64 bytes."""
    text, ends = packed_names([f"{n // 1000:05}/photo_{n % 1000:03}.jpg" for n in range(count)])
    vectors = np.random.default_rng(3).integers(-127, 128, (count, 64)).astype(np.int8)
    files = np.zeros((count, 2), np.int64)
    columns = IndexColumns(
        text, ends, random_codes(count, 1), vectors, files, NOTHING, NOTHING.astype(np.uint8),
        NOTHING,
    )  # fmt: skip
    facts = IndexFacts("", "", 8 * BYTES, count, "/", "embedding", 64)
    with replacing_folder(path, KIND) as folder:
        write_index_folder(folder, facts, columns)
    return {}


def open_and_search(path: str, queries: int) -> dict:
    """Opens an index, makes it ready for searches, and searches; names stay on disk."""
    started = time.perf_counter()
    index = open_index(path)
    opened = time.perf_counter()
    _ = index.groups
    grouped = time.perf_counter()
    random = np.random.default_rng(5)
    vectors = random.normal(size=(queries, 64)).astype(np.float32)
    index.search_codes(random_codes(queries, 9), vectors, k=20)
    ended = time.perf_counter()
    return {
        "images": len(index),
        "seconds to open": opened - started,
        "seconds to open and group": grouped - started,
        "milliseconds a query, ranked again": 1000 * (ended - grouped) / queries,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the codes")
    options = parser.parse_args()
    asked = options_given(options, parser)
    million = 50_000 if options.quick else 1_000_000
    figures = {}
    # First, because a process begins with the largest memory that its parent ever had.
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (("index of 1 M", million), ("index of 10 M", 10 * million)):
            path = str(Path(folder) / name)
            in_own_process(made_up_index, path, count)
            figures[name] = in_own_process(open_and_search, path, QUERIES)
    figures |= {
        "random codes": compare(random_codes(million, 1), options.rounds),
        "collapsed codes": compare(collapsed_codes(million, 1), options.rounds),
        "single query, ms": single_query(random_codes(million, 1), options.rounds),
    }
    targets = {
        "search of 1 M random codes, faiss flat / ours": (
            figures["random codes"]["faiss / ours"], ">=", 1.0,
        ),
        "search of 1 M collapsed codes, faiss flat / ours": (
            figures["collapsed codes"]["faiss / ours"], ">=", 10.0,
        ),
        "single query of 1 M codes, ms": (figures["single query, ms"]["ours"], "<=", 2.0),
        "opening an index of 1 M photos, s": (
            figures["index of 1 M"]["seconds to open and group"], "<=", 1.0,
        ),
        "memory of an index of 10 M photos, GB": (
            figures["index of 10 M"]["gigabytes"], "<=", 2.147,
        ),
    }  # fmt: skip
    document = {
        "command": f"python bench/search.py {asked}".strip(),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "load": os.getloadavg()[0],
        },
        "versions": {p: version(p) for p in ("faiss-cpu", "numpy")},
        "rounds": options.rounds,
        "targets": {
            name: {
                "value": value,
                "target": f"{sign} {target:g}",
                "reached": value >= target if sign == ">=" else value <= target,
            }
            for name, (value, sign, target) in targets.items()
        },
        "figures": figures,
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
