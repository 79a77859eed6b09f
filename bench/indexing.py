"""Measures how an index is made and brought up to date, and writes bench/results/indexing.json.

    python bench/indexing.py [OUTPUT] [--folder DIR] [--rounds 3] [--files 100000]

In each round come, one after the other: ONNX Runtime alone, on the same pixels in memory; decoding
alone, on all cores; and the index, which does both and writes its files. It cannot be faster than
the slower of the two, nor, where both keep every core busy, than their seconds added up. Then an
index of 100,000 files is brought up to date that finds nothing new. Without --folder, the bundled
photographs are taken.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench.timing.beside_decoding import beside_decoding
from bench.timing.options_given import options_given
from classwise import export, zoo
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.foundation.files import replacing_file, sha256
from classwise.zoo.foundation.new_folder import replacing_folder
from classwise.zoo.search.build_index import update_index
from classwise.zoo.search.index_folder import (
    KIND,
    IndexColumns,
    IndexFacts,
    packed_names,
    write_index_folder,
)
from classwise.zoo.search.index_images import BATCH_SIZE

RESULTS = Path(__file__).parent / "results" / "indexing.json"
TRUNK = "efficientnet_lite0_imagenet"
# What a file system lets one file have, and some to spare.
LINKS = 30_000
NOTHING = np.empty(0, np.int64)


def measure(model: Path, photos: Path, folder: Path, rounds: int) -> dict:
    """Returns what `beside_decoding` does of an index."""

    def index():
        shutil.rmtree(folder / "photos.index", ignore_errors=True)
        update_index(model, photos, folder / "photos.index")

    return beside_decoding("index", index, model, photos, BATCH_SIZE, rounds)


def measure_update(model: Path, photo: Path, folder: Path, files: int) -> dict:
    """Returns seconds of an update of an index that holds every file of a folder already."""
    root = (folder / "many").resolve()
    names = [f"{number // 1000:04}/photo_{number % 1000:03}.jpg" for number in range(files)]
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % LINKS == 0:
            original = shutil.copy(photo, path)
        else:
            os.link(original, path)
    status = [(root / name).stat() for name in names]
    text, ends = packed_names(names)
    random = np.random.default_rng(0)
    columns = IndexColumns(
        text, ends, random.integers(0, 256, (files, 8), np.uint8),
        random.integers(-127, 128, (files, 64)).astype(np.int8),
        np.array([(s.st_size, s.st_mtime_ns) for s in status]), NOTHING, NOTHING.astype(np.uint8),
        NOTHING,
    )  # fmt: skip
    facts = IndexFacts(str(model), sha256(model), 64, files, str(root), "embedding", 64)
    with replacing_folder(folder / "many.index", KIND) as temporary:
        write_index_folder(temporary, facts, columns)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        update = update_index(model, root, folder / "many.index")
        seconds.append(time.perf_counter() - started)
        assert (update.encoded, update.known) == (0, files)
    return {"files": files, "seconds": statistics.median(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--folder", type=Path, default=zoo.sample_folder("clothing"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=100_000)
    options = parser.parse_args()
    asked = options_given(options, parser)
    hasher = zoo.load(TRUNK, num_classes=10, code_length=64, image_shape=(224, 224, 3))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = export.to_onnx(hasher, folder / "hasher.onnx").path
        figures = measure(model, options.folder, folder, options.rounds)
        photo = next(iter(open_images(options.folder).files.paths))
        update = measure_update(model, photo, folder, options.files)
    reached = figures["index / slower of both"]
    document = {
        "command": f"python bench/indexing.py {asked}".strip(),
        "photos of": options.folder.name,
        "machine": {
            "cores": cores(),
            "processor": platform.machine(),
            "load": os.getloadavg()[0],
        },
        "versions": {p: version(p) for p in ("onnxruntime", "pillow", "numpy")},
        "rounds": options.rounds,
        "targets": {
            "index of photos / slower of decoding and session": {
                "value": reached,
                "target": ">= 0.85",
                "reached": reached >= 0.85,
            },
            "update of 100,000 files with nothing new, s": {
                "value": update["seconds"],
                "target": "<= 5",
                "reached": update["seconds"] <= 5,
            },
        },
        "figures": {"index": figures, "update": update},
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
