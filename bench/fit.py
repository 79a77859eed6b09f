"""Measures how a fitting grows with the number of photos, and writes bench/results/fit.json.

    python bench/fit.py [OUTPUT] [--photos 1000 10000 100000]

Features are made up: 1,280 numbers of photos that lie in groups of all sizes. Each fitting runs in
a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.files import replacing_file

WIDTH, DIMENSIONS, CODE_LENGTH = 1280, 60, 64
# Photos of 8,242 in a folder: what is beyond the features, clustering included.
TARGETS = {"seconds": 120, "photos": 8242}
CHUNK = 8192


def made_up_features(photos: int) -> np.ndarray:
    """Returns features float16 `[N, 1280]` of photos in groups whose sizes follow Zipf's law."""
    random = np.random.default_rng(0)
    groups = max(20, photos // 50)
    sizes = 1 / np.arange(1, groups + 1)
    means = random.normal(size=(groups, DIMENSIONS))
    mixing = random.normal(size=(DIMENSIONS, WIDTH)).astype(np.float32) / DIMENSIONS**0.5
    found = np.empty((photos, WIDTH), np.float16)
    for start in range(0, photos, CHUNK):
        part = found[start : start + CHUNK]
        chosen = random.choice(groups, len(part), p=sizes / sizes.sum())
        inner = means[chosen] + 0.7 * random.normal(size=(len(part), DIMENSIONS))
        part[:] = np.maximum(inner.astype(np.float32) @ mixing, 0) + 0.1 * random.random(
            part.shape, np.float32
        )
    return found


def fit(photos: int) -> dict:
    """Fits in this process; returns seconds and megabytes."""
    from classwise.zoo.fitting.fit_features import fit_features

    features = made_up_features(photos)
    fit_features(features[:100], code_length=8)  # TensorFlow starts, and compiles
    before, used = peak(), time.process_time()
    start = time.perf_counter()
    fit_features(features, code_length=CODE_LENGTH)
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 1),
        "processor_seconds": round(time.process_time() - used, 1),
        "features_megabytes": round(features.nbytes / 1e6),
        "peak_megabytes": round(peak()),
        "peak_megabytes_before": round(before),
    }


def peak() -> float:
    """Returns the most memory that this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(__file__).parent / "results" / "fit.json"
    parser.add_argument("output", nargs="?", type=Path, default=default)
    parser.add_argument("--photos", type=int, nargs="+", default=[1000, 8242, 10_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(fit(options.one)))
        return
    result = json.loads(options.output.read_text()) if options.output.exists() else {}
    result |= {"cores": os.cpu_count(), "machine": platform.machine(), "targets": TARGETS}
    measured = result.setdefault("photos", {})
    for photos in options.photos:
        command = [sys.executable, __file__, "--one", str(photos)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured[str(photos)] = json.loads(done.stdout.splitlines()[-1])
        print(photos, measured[str(photos)], flush=True)
        with replacing_file(options.output) as temporary:
            temporary.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
