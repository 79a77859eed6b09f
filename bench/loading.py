"""Measures `zoo.load` after imports, and writes bench/results/loading.json.

    python bench/loading.py [OUTPUT] [--rounds 7]

One preset of every trunk is loaded from the package and from the cache in turn; medians are
reported, and the median of the differences within a round.
"""

import argparse
import gc
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from classwise import zoo
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.presets import presets, registry
from classwise.zoo.presets.download.cache import cached_path

TARGETS = {"bundled": 1.5, "cache_extra": 0.1}


def seconds(name: str) -> float:
    gc.collect()  # what the load before left behind is no part of this one
    start = time.perf_counter()
    zoo.load(name)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(__file__).parent / "results" / "loading.json"
    parser.add_argument("output", nargs="?", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()

    package = registry.FOLDER
    by_trunk = {preset.trunk: preset for preset in presets().values()}
    result = {"rounds": options.rounds, "machine": platform.machine(), "presets": {}}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLASSWISE_CACHE"] = folder
        bare = Path(folder, "package without files")
        bare.mkdir()
        for preset in by_trunk.values():
            for file in preset.files:
                cached = cached_path(file.file, file.sha256)
                cached.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(package / file.file, cached)
            seconds(preset.name)
            times = {"bundled": [], "cache": []}
            for _ in range(options.rounds):
                for place, at in (("bundled", package), ("cache", bare)):
                    registry.FOLDER = at
                    times[place].append(seconds(preset.name))
            registry.FOLDER = package
            pairs = zip(times["cache"], times["bundled"], strict=True)
            result["presets"][preset.name] = {
                "bundled": round(statistics.median(times["bundled"]), 3),
                "cache_extra": round(statistics.median(a - b for a, b in pairs), 3),
            }
    result["targets"] = TARGETS
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
