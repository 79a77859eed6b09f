"""Measures the retrieval metrics and writes bench/results/retrieval.json.

    python bench/retrieval.py [OUTPUT] [--rounds 3] [--quick]

Every measurement runs in a process of its own, so that its peak memory is its own; the contenders
of a comparison take turns within each round. What takes little time is repeated up to five times a
round; reported is the median over all rounds. The usual way computes mAP and nothing else, so the
speed-up over it is that of our mAP alone. `--quick` measures a twentieth of the queries.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.retrieval import evaluate_codes, evaluate_embeddings

CODE_LENGTH, CLASSES = 48, 10
TARGETS = {
    "trained codes": {"seconds": 2, "gigabytes": 1.5},
    "random codes": {"seconds": 20, "gigabytes": 1.5},
    "trained codes, 10 million": {"seconds": 30},
    "embeddings": {"seconds": 90, "gigabytes": 2},
}
SPEEDUP_TARGET = 50
MAP_ALONE = {"top_k": (), "radius": ()}
MOST_REPEATS, REPEAT_WITHIN_SECONDS = 5, 4.0


def trained_codes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes like a trained hasher's: near their class's center, one in twenty near another's."""
    centers = np.random.default_rng(0).random((CLASSES, CODE_LENGTH)) < 0.5
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    mistaken = random.random(count) < 0.05
    near = np.where(mistaken, random.integers(0, CLASSES, count), labels)
    flipped = random.random((count, CODE_LENGTH)) < 0.02
    return np.packbits(centers[near] ^ flipped, axis=1), labels


def random_codes(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes that are all distinct."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 256, (count, CODE_LENGTH // 8), np.uint8)
    return codes, random.integers(0, CLASSES, count)


def usual_map(queries, query_labels, database, labels) -> float:
    """mAP as public hashing code computes it: a loop that sorts the distances of each query."""
    queries, database = (
        np.unpackbits(codes, axis=1).astype(np.float32) * 2 - 1 for codes in (queries, database)
    )
    total = 0.0
    for query, label in zip(queries, query_labels, strict=True):
        relevant = labels == label
        distances = 0.5 * (queries.shape[1] - query @ database.T)
        relevant = relevant[np.argsort(distances)]
        ranks = np.flatnonzero(relevant) + 1.0
        total += np.mean(np.arange(1, len(ranks) + 1) / ranks)
    return total / len(queries)


def timed(function, warm_up) -> dict:
    """Times what is measured, after a small run that pays for imports and starting threads."""
    warm_up()
    seconds: list[float] = []
    while len(seconds) < MOST_REPEATS and sum(seconds) < REPEAT_WITHIN_SECONDS:
        started = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - started)
    return {"all_seconds": seconds, "result": result}


def measure_codes(draw, queries: int, repeat: int = 1, metrics: dict | None = None) -> dict:
    """Hamming metrics of 10,000 queries (or fewer) against 50,000 items, repeated.

    All metrics that `evaluate_codes` computes by default, or those of `metrics`.
    """
    query, database = draw(queries, 1), draw(50_000, 2)
    codes, labels = np.tile(database[0], (repeat, 1)), np.tile(database[1], repeat)
    arguments = {"code_length": CODE_LENGTH, **(metrics or {})}
    few = [array[:100] for array in (*query, *database)]
    run = timed(
        lambda: evaluate_codes(*query, codes, labels, **arguments),
        lambda: evaluate_codes(*few, **arguments),
    )
    return {
        "all_seconds": run["all_seconds"],
        "queries": queries,
        "database": len(codes),
        "distinct_database_codes": len(np.unique(database[0], axis=0)),
        "map": run["result"].to_dict()["metrics"]["map"],
    }


def measure_usual(draw, queries: int) -> dict:
    """The usual way on the same codes; it computes mAP and nothing else."""
    query, database = draw(queries, 1), draw(50_000, 2)
    few = [array[:100] for array in query]
    run = timed(lambda: usual_map(*query, *database), lambda: usual_map(*few, *database))
    return {"all_seconds": run["all_seconds"], "queries": queries, "map": run["result"]}


def measure_embeddings(queries: int) -> dict:
    """Recall@K, R-precision and MAP@R of 60,000 embeddings against the others."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, 60_000)
    vectors = random.normal(size=(CLASSES, 64))[labels] + 1.5 * random.normal(size=(60_000, 64))
    arguments = (vectors, labels)
    if queries < len(labels):
        arguments = (vectors[:queries], labels[:queries], vectors, labels)
    run = timed(
        lambda: evaluate_embeddings(*arguments, nmi=False),
        lambda: evaluate_embeddings(vectors[:100], labels[:100], nmi=False),
    )
    return {
        "all_seconds": run["all_seconds"],
        "queries": queries,
        "database": len(labels),
        "metrics": run["result"].to_dict()["metrics"],
    }


def measure_difference_without_ties() -> float:
    """Largest |mAP - usual mAP| where all distances of a query differ."""
    length, items = 4096, 4000
    bits = np.arange(length) < np.random.default_rng(3).permutation(length)[:items, None]
    database, labels = np.packbits(bits, axis=1), np.random.default_rng(4).integers(0, 10, items)
    query, differences = np.zeros((1, length // 8), np.uint8), []
    for label in range(10):
        ours = evaluate_codes(query, [label], database, labels).metrics["map"].expected
        differences.append(abs(ours - usual_map(query, [label], database, labels)))
    return max(differences)


def _measured(function, arguments, connection) -> None:
    figures = function(*arguments)
    unit = 1 if sys.platform == "darwin" else 1024
    figures["gigabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    connection.send(figures)


def in_own_process(function, *arguments) -> dict:
    """Runs a measurement in a fresh process and adds its peak memory, data included."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(function, arguments, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    finally:
        process.join()


def median_of(runs: list[dict]) -> dict:
    """The figures of the last run, with the median time, all times and the largest memory."""
    seconds = [second for run in runs for second in run["all_seconds"]]
    return {
        "seconds": statistics.median(seconds),
        **runs[-1],
        "all_seconds": seconds,
        "gigabytes": max(run["gigabytes"] for run in runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).parent / "results" / "retrieval.json"
    parser.add_argument("output", nargs="?", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the queries")
    options = parser.parse_args()
    queries, vectors = (500, 3000) if options.quick else (10_000, 60_000)
    measurements = {
        "trained codes": (measure_codes, trained_codes, queries),
        "trained codes, mAP alone": (measure_codes, trained_codes, queries, 1, MAP_ALONE),
        "trained codes, the usual way": (measure_usual, trained_codes, queries),
        "random codes": (measure_codes, random_codes, queries),
        "random codes, mAP alone": (measure_codes, random_codes, queries, 1, MAP_ALONE),
        "random codes, the usual way": (measure_usual, random_codes, queries),
        "trained codes, 10 million": (measure_codes, trained_codes, queries, 200),
        "embeddings": (measure_embeddings, vectors),
    }
    runs = {name: [] for name in measurements}
    for number in range(options.rounds):
        for name, measurement in measurements.items():
            runs[name].append(in_own_process(*measurement))
            took = min(runs[name][-1]["all_seconds"])
            print(f"round {number + 1}, {name}: {took:.2f} s", file=sys.stderr)
    figures = {name: median_of(of_name) for name, of_name in runs.items()}
    for name, target in TARGETS.items():
        figures[name]["target"] = target
        figures[name]["reached"] = all(figures[name][key] <= most for key, most in target.items())
    speedup = {
        kind: figures[f"{kind} codes, the usual way"]["seconds"]
        / figures[f"{kind} codes, mAP alone"]["seconds"]
        for kind in ("trained", "random")
    }
    document = {
        "command": "python bench/retrieval.py" + " --quick" * options.quick,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "rounds": options.rounds,
        "figures": figures,
        "speedup_over_the_usual_way": {**speedup, "target": SPEEDUP_TARGET},
        "largest_map_difference_without_ties": measure_difference_without_ties(),
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
