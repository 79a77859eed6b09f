"""Draws the bundled sample of photographs from Clothing-small (CC0).

python -m tools.publish.draw_clothing_sample FOLDER

FOLDER is a checkout of github.com/alexeygrigorev/clothing-dataset-small at commit 11961516.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from classwise.zoo.datasets.sample import SAMPLES

# Photographs that no bundled hasher was trained on; a class has no more in `test` alone.
SPLITS = ("test", "validation")
PHOTOS, SIDE, QUALITY = 20, 224, 80


def draw(source: Path, folder: Path) -> None:
    """Writes `PHOTOS` photographs of every class, upright, `SIDE` pixels on the shorter side.

    Which ones they are follows from a fixed seed; what is drawn holds no metadata.
    """
    for number, name in enumerate(sorted(file.name for file in (source / SPLITS[0]).iterdir())):
        found = [sorted((source / split / name).iterdir()) for split in SPLITS]
        ordered = [files[i] for files in found for i in order(len(files), number)]
        (folder / name).mkdir()
        for file in ordered[:PHOTOS]:
            with Image.open(file) as image:
                small = ImageOps.exif_transpose(image).convert("RGB")
            scale = SIDE / min(small.size)
            if scale < 1:
                size = tuple(round(side * scale) for side in small.size)
                small = small.resize(size, Image.Resampling.BICUBIC, reducing_gap=None)
            small.save(folder / name / f"{file.stem[:8]}.jpg", quality=QUALITY, optimize=True)


def order(count: int, seed: int) -> list[int]:
    """Returns the numbers below `count` in a random order."""
    return np.random.default_rng(seed).permutation(count).tolist()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = SAMPLES / "clothing"
    shutil.rmtree(folder, ignore_errors=True)  # git has the earlier one
    folder.mkdir()
    draw(Path(sys.argv[1]), folder)
