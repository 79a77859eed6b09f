"""Measures encoding by Ray beside the local engine, and writes bench/results/ray_engine.json.

    python bench/ray_engine.py [OUTPUT] [--folder DIR] [--photos 20000] [--killed 4000]

The photos of a folder, by default the bundled ones, are linked to as often as it takes to have so
many. The local engine encodes the first half, Ray all of them, the local engine the second half, so
that a machine which grows slower meanwhile is one for both. Ray's seconds have its start and end in
them. Then a worker is killed in the middle of a smaller run, and the blocks are counted that were
begun twice.
"""

import argparse
import json
import os
import platform
import signal
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench.timing.options_given import options_given
from classwise import export, zoo
from classwise.zoo.datasets.image_files import find_images
from classwise.zoo.datasets.image_sources import OpenedImages, open_images
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.encoding import ray_workers
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.ray_engine import BATCHES_A_BLOCK, encode_on_ray
from classwise.zoo.encoding.read_codes import read_codes
from classwise.zoo.foundation.files import replacing_file

RESULTS = Path(__file__).parent / "results" / "ray_engine.json"
PRESET = "dcwh_efficientnet_lite0_clothing_48"
BATCH = 256


class WatchedWorker(ray_workers.RayWorker):
    """Says in a file beside the parts which block it begins, and who it is."""

    def __call__(self, batch: dict) -> dict:
        with (self.encoder.folder / "begun.txt").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return super().__call__(batch)


def linked(photos: list[Path], folder: Path, count: int) -> OpenedImages:
    """Returns so many photos: links to those that there are."""
    folder.mkdir()
    for number in range(count):
        photo = photos[number % len(photos)]
        (folder / f"{number:07d}{photo.suffix}").symlink_to(photo.absolute())
    return open_images(folder)


def seconds_of(function, *arguments, **options) -> float:
    start = time.perf_counter()
    function(*arguments, **options)
    return time.perf_counter() - start


def measure_speed(model: Path, images: OpenedImages, folder: Path) -> dict:
    def local(first: int, stop: int) -> float:
        encoder = open_encoder(model)
        stream = images.part(first, stop).stream(encoder.image_shape, BATCH)
        return seconds_of(encode_to_file, encoder, stream, folder / f"{first}.npz")

    middle = images.count // 2 // BATCH * BATCH  # batches are those of one run
    before = local(0, middle)
    ray = seconds_of(encode_on_ray, model, images, folder / "codes", batch_size=BATCH)
    after = local(middle, images.count)
    halves = [read_codes(folder / f"{first}.npz")["codes"] for first in (0, middle)]
    codes = read_codes(folder / "codes")["codes"]
    return {
        "photos": images.count,
        "images/s": {"local": images.count / (before + after), "Ray": images.count / ray},
        "local, images/s of each half": [middle / before, (images.count - middle) / after],
        "Ray / local": (before + after) / ray,
        "codes that differ": int((np.concatenate(halves) != codes).any(axis=1).sum()),
    }


def measure_kill(model: Path, images: OpenedImages, folder: Path) -> dict:
    """Kills a worker once half of the images are done; counts what is begun twice."""
    output, killed, done = folder / "killed", [], 0
    log = Path(f"{output}.part") / "begun.txt"

    def progress(count: int) -> None:
        nonlocal done
        done += count
        if done >= images.count / 2 and not killed:
            killed.append(int(log.read_text().split()[-1]))
            os.kill(killed[0], signal.SIGKILL)

    ray_workers.RayWorker = WatchedWorker
    seconds = seconds_of(
        encode_on_ray, model, images, output, batch_size=BATCH // 4, progress=progress
    )
    begun = len((output / "begun.txt").read_text().split())
    blocks = len(list(output.glob("part-*")))
    rows = read_codes(output)["names"]
    return {
        "photos": images.count,
        "images a block": BATCHES_A_BLOCK * BATCH // 4,
        "blocks": blocks,
        "blocks begun twice": begun - blocks,
        "rows": len(rows),
        "distinct rows": len(set(rows.tolist())),
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--folder", type=Path, default=zoo.sample_folder("clothing"))
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--killed", type=int, default=4_000)
    options = parser.parse_args()
    asked = options_given(options, parser)
    photos = find_images(options.folder).paths
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = export.to_onnx(zoo.load(PRESET), folder / "hasher.onnx").path
        load = os.getloadavg()[0]
        speed = measure_speed(model, linked(photos, folder / "all", options.photos), folder)
        kill = measure_kill(model, linked(photos, folder / "fewer", options.killed), folder)
    document = {
        "command": f"python bench/ray_engine.py {asked}".strip(),
        "photos of": options.folder.name,
        "model": PRESET,
        "machine": {"cores": cores(), "processor": platform.machine(), "load": load},
        "versions": {p: version(p) for p in ("ray", "onnxruntime", "pillow", "numpy")},
        "targets": {
            f"Ray / local engine, images/s of {options.photos:,} photos": {
                "value": speed["Ray / local"],
                "target": ">= 0.9",
                "reached": speed["Ray / local"] >= 0.9,
            },
            "blocks done twice for a killed worker": {
                "value": kill["blocks begun twice"],
                "target": "<= 1",
                "reached": kill["blocks begun twice"] <= 1,
            },
            "rows lost or doubled by it": {
                "value": abs(kill["photos"] - kill["distinct rows"])
                + kill["rows"]
                - kill["distinct rows"],
                "target": "<= 0",
                "reached": kill["photos"] == kill["rows"] == kill["distinct rows"],
            },
        },
        "figures": {"speed": speed, "kill": kill},
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
