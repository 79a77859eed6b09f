"""Measures how soon a training on a list of a million images starts; bench/results/lists.json.

    python bench/lists.py [OUTPUT] [--images 1000000] [--classes 100]

The images are links to a bundled photograph, a thousand a folder. What is timed, after imports:
reading the list, checking it and that all images are there, its digest, carving validation images,
the digest of the training images, and the first training batch, decoded at 224 x 224 pixels.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

from classwise import zoo
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.datasets.listed_images import open_lists
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.training.image_digest import image_digest
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.learning_images import carve_validation
from classwise.zoo.training.recipe import Augmentation

RESULTS = Path(__file__).parent / "results" / "lists.json"
TARGET_SECONDS = 10
A_FOLDER = 1000
LINKS = 30_000  # what a file system lets one file have, and some to spare
SHAPE, BATCH = (224, 224, 3), 64


def write_images(folder: Path, count: int, classes: int) -> Path:
    """Writes links and the list that names them, and returns the list."""
    folder.mkdir(exist_ok=True)
    photo = next(zoo.sample_folder().glob("*/*.jpg")).read_bytes()
    lines, source = [], folder
    for number in range(count):
        if number % LINKS == 0:
            source = folder / f"photo_{number}.jpg"
            source.write_bytes(photo)
        place = f"images/{number // A_FOLDER:04d}"
        if number % A_FOLDER == 0:
            (folder / place).mkdir(parents=True)
        name = f"{place}/image_{number:08d}.jpg"
        os.link(source, folder / name)
        row = ["0"] * classes
        row[number % classes] = "1"
        lines.append(f"{name} {' '.join(row)}\n")
    path = folder / "training.txt"
    path.write_text("".join(lines))
    return path


def measure(path: Path) -> dict:
    """Returns the seconds of each step until the first batch is there."""
    seconds, begin = {}, time.perf_counter()

    def done(step: str) -> None:
        nonlocal begin
        seconds[step] = round(time.perf_counter() - begin, 2)
        begin = time.perf_counter()

    listed = open_lists({"training": path})
    done("read and checked")
    training, validation = carve_validation(listed.sources["training"].load(SHAPE), 0)
    done("validation carved")
    image_digest(training)
    image_digest(validation)
    done("digests")
    next(iter(training_batches(training, BATCH, Augmentation(), 0, range(1))))
    done("first batch")
    return {**seconds, "all": round(sum(seconds.values()), 2)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_images(Path(folder), options.images, options.classes)
        few = write_images(Path(folder, "few"), 2 * options.classes, options.classes)
        measure(few)  # TensorFlow starts
        result = {
            "images": options.images,
            "classes": options.classes,
            "machine": {"cores": cores(), "processor": platform.machine()},
            "seconds": measure(path),
            "target_seconds": TARGET_SECONDS,
        }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
