"""Measures near duplicates, and writes bench/results/duplicates.json.

    python bench/duplicates.py [OUTPUT] [--folder DIR] [--photos 1000] [--quick]

A million hashes of 64 bits, a tenth of them another one with some bits flipped, come into clusters
within radius 3; on 50,000 of them, every pair is compared with what a flat scan finds. Then, of up
to 1,000 photos of a folder, 200 get a copy: as JPEG of quality 35, at half the size, without 6 % at
its edges, brighter, darker. A pair of copies is found if both are in one cluster; pairs that
are none count against the precision, also where the folder held them before. Without --folder, the
bundled photographs are taken, each fifth with a copy.
"""

import argparse
import io
import json
import os
import platform
import tempfile
import time
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import faiss
import numpy as np
from PIL import Image, ImageEnhance

from bench.retrieval import in_own_process
from bench.timing.options_given import options_given
from classwise import zoo
from classwise.zoo.datasets.image_files import find_images
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.search.hash_pairs import clusters_within, hash_pairs

RESULTS = Path(__file__).parent / "results" / "duplicates.json"
RADIUS, CHECKED = 3, 50_000


def made_up_hashes(count: int) -> np.ndarray:
    """Hashes of 64 bits; the last tenth are others of them with each bit flipped at 1.5 of 64."""
    random = np.random.default_rng(0)
    hashes = random.integers(0, 256, (count, 8), np.uint8)
    copies = count // 10
    flips = np.packbits(random.random((copies, 64)) < 1.5 / 64, axis=1)
    hashes[-copies:] = hashes[random.integers(0, count - copies, copies)] ^ flips
    return random.permutation(hashes)


def measure_clusters(count: int) -> dict:
    hashes = made_up_hashes(count)
    started = time.perf_counter()
    clusters = clusters_within(hashes, RADIUS)
    return {
        "hashes": count,
        "seconds": time.perf_counter() - started,
        "clusters of two and more": int((np.bincount(clusters) > 1).sum()),
    }


def missed_pairs(count: int) -> dict:
    """Compares the pairs of some hashes with those of faiss's flat scan."""
    hashes = made_up_hashes(count)
    ours = np.concatenate([np.stack(part) for part in hash_pairs(hashes, hashes, RADIUS)], axis=1)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(hashes)
    limits, distances, found = flat.range_search(hashes, RADIUS + 1)
    asked = np.repeat(np.arange(count), np.diff(limits.astype(np.int64)))
    expected = set(zip(asked.tolist(), found.tolist(), distances.tolist(), strict=True))
    got = set(map(tuple, ours.T.tolist()))
    return {
        "hashes": count,
        "pairs": len(expected),
        "missed": len(expected - got),
        "invented": len(got - expected),
    }


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def cropped(image: Image.Image, *edges: float) -> Image.Image:
    left, top, right, bottom = edges
    width, height = image.size
    return image.crop(
        tuple(map(round, (left * width, top * height, (1 - right) * width, (1 - bottom) * height)))
    )


ALTERATIONS = {
    "JPEG 35": lambda image: jpeg(image, 35),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "3 % off each edge": lambda image: cropped(image, 0.03, 0.03, 0.03, 0.03),
    "6 % off left and top": lambda image: cropped(image, 0.06, 0.06, 0, 0),
    "6 % off the right": lambda image: cropped(image, 0, 0, 0.06, 0),
    "brighter, 1.25": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "darker, 0.75": lambda image: ImageEnhance.Brightness(image).enhance(0.75),
}


def measure_photos(photos: list[Path], copies: int, folder: Path) -> dict:
    """Returns recall by kind of copy, and precision, over pairs of photos."""
    truth: dict[frozenset, str] = {}
    kinds = list(ALTERATIONS.items())
    for number, path in enumerate(photos):
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        image.save(folder / f"{number:04}.png")
        if number < copies:
            kind, alter = kinds[number % len(kinds)]
            alter(image).save(folder / f"{number:04} copy.jpg", quality=85)
            truth[frozenset((f"{number:04}.png", f"{number:04} copy.jpg"))] = kind
    started = time.perf_counter()
    found = zoo.find_duplicates(folder)
    seconds = time.perf_counter() - started
    pairs = {
        frozenset(pair)
        for cluster in found.clusters
        for pair in combinations((photo.name for photo in cluster), 2)
    }
    right = pairs & set(truth)
    return {
        "photos": len(photos),
        "copies": copies,
        "recall": len(right) / len(truth),
        "precision": len(right) / max(1, len(pairs)),
        "recall by kind": {
            kind: sum(truth[p] == kind for p in right) / sum(k == kind for k in truth.values())
            for kind in ALTERATIONS
        },
        "photos/s": found.photos / seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--folder", type=Path, default=zoo.sample_folder("clothing"))
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the hashes")
    options = parser.parse_args()
    asked = options_given(options, parser)
    million = 50_000 if options.quick else 1_000_000
    clusters = in_own_process(measure_clusters, million)
    missed = missed_pairs(CHECKED // 10 if options.quick else CHECKED)
    every = find_images(options.folder).paths
    chosen = np.random.default_rng(0).permutation(len(every))[: options.photos]
    with tempfile.TemporaryDirectory() as folder:
        photos = [every[number] for number in chosen]
        copies = measure_photos(photos, len(photos) // 5, Path(folder))
    targets = {
        "1 M hashes into clusters, s": (clusters["seconds"], "<=", 60),
        "1 M hashes into clusters, GB": (clusters["gigabytes"], "<=", 2),
        "pairs missed among 50,000 hashes": (missed["missed"], "<=", 0),
        "copies found among photos": (copies["recall"], ">=", 0.9),
        "precision of pairs found": (copies["precision"], ">=", 0.95),
    }
    document = {
        "command": f"python bench/duplicates.py {asked}".strip(),
        "photos of": options.folder.name,
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "load": os.getloadavg()[0],
        },
        "versions": {p: version(p) for p in ("faiss-cpu", "imagehash", "pillow")},
        "targets": {
            name: {
                "value": value,
                "target": f"{sign} {target:g}",
                "reached": value >= target if sign == ">=" else value <= target,
            }
            for name, (value, sign, target) in targets.items()
        },
        "figures": {"clusters": clusters, "pairs": missed, "photos": copies},
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
