"""Measures `encode` of a folder of JPEG photos, and writes bench/results/photos.json.

    python bench/photos.py [OUTPUT] [--folder DIR] [--rounds 5] [--image-size 224]

In each round come, one after the other: ONNX Runtime alone, on the same pixels in memory; decoding
alone, on all cores; and `encode`, which does both. No faster than the slower of the two, says the
target. Where both keep every core busy they take turns on it, and `encode` cannot be faster than
their seconds added up: that ratio is reported beside it. Without --folder, the bundled photographs
are taken.
"""

import argparse
import json
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path

from bench.timing.beside_decoding import beside_decoding
from classwise import export, zoo
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.datasets.image_stream import cores
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.foundation.files import replacing_file

RESULTS = Path(__file__).parent / "results" / "photos.json"
TRUNK = "efficientnet_lite0_imagenet"
BATCH = 16
TARGET = 0.85


def measure(model: Path, photos: Path, folder: Path, rounds: int) -> dict:
    """Returns what `beside_decoding` does of `encode`."""
    encoder = open_encoder(model)
    stream = open_images(photos).stream(encoder.image_shape, BATCH)

    def encode():
        encode_to_file(encoder, stream, folder / "codes.npz")

    return beside_decoding("encode", encode, model, photos, BATCH, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--folder", type=Path, default=zoo.sample_folder("clothing"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image-size", type=int, default=224)
    options = parser.parse_args()
    shape = (options.image_size, options.image_size, 3)
    hasher = zoo.load(TRUNK, num_classes=10, code_length=64, image_shape=shape)
    with tempfile.TemporaryDirectory() as folder:
        model = export.to_onnx(hasher, Path(folder) / "hasher.onnx").path
        figures = measure(model, options.folder, Path(folder), options.rounds)
    reached = figures["encode / slower of both"]
    document = {
        "command": f"python bench/photos.py --image-size {options.image_size}",
        "model": f"{TRUNK} at {options.image_size} px",
        "machine": {"cores": cores(), "processor": platform.machine(), "load": os.getloadavg()[0]},
        "versions": {p: version(p) for p in ("onnxruntime", "pillow", "numpy")},
        "rounds": options.rounds,
        "targets": {
            "encode of JPEG photos / slower of decoding and session": {
                "value": reached,
                "target": f">= {TARGET}",
                "reached": reached >= TARGET,
            }
        },
        "figures": figures,
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
