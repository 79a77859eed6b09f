"""Measures exports on Fashion-MNIST's images and writes bench/results/export.json.

    PYTHONPATH=. python bench/export.py [OUTPUT] [--model PRESET] [--rounds 7] [--quick]

The contenders of a comparison take turns within each round, so that a disturbance of the machine
hits all of them; the median of the rounds counts, of the rounds' ratios where two are compared.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import onnx

from bench.runtime_speed import BATCH, measure_speed
from bench.timing.turns import alternating, median_ratio
from classwise import export
from classwise.export.commands.measuring_images import calibration_pixels
from classwise.export.onnx.head import backbone
from classwise.zoo.datasets.image_sources import open_images
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.encoding.encode_to_file import encode_to_file
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.encoding.onnx_session import open_session
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.printing import print_note as note
from classwise.zoo.presets.load import load

PRESET = "dcwh_resnet9_fashion_mnist_48"
PROTOCOL = "fashion-mnist-full"
RESULTS = Path(__file__).parent / "results" / "export.json"
TARGETS = {
    "onnx / saved_model, batch 256": (">=", 1.6),
    "onnx / keras, batch 256": (">=", 1.8),
    "onnx / saved_model, batch 1": (">=", 5),
    "overhead of preprocessing, sign and packing": ("<=", 0.03),
    "flipped bits, fp32": ("<=", 0),
    "share of bits, fp16": ("<=", 0.001),
    "mAP loss, int8": ("<=", 0.005),
    "seconds of export and verification": ("<=", 30),
    "encode / bare session": (">=", 0.85),
}


def session(path: Path, images) -> Callable[[], None]:
    """Returns what runs an ONNX file on images, in batches, and does no more."""
    opened = open_session(path)
    name = opened.get_inputs()[0].name
    starts = range(0, len(images), BATCH)
    return lambda: [opened.run(None, {name: images[i : i + BATCH]}) for i in starts]


def cut_apart(path: Path, folder: Path) -> dict[str, Path]:
    """Writes the scaling of an ONNX file, and its network without scaling, sign and packing."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    start = backbone(model.graph)[0].input[0]
    cut = onnx.utils.Extractor(model).extract_model
    onnx.save(cut(["images"], [start]), folder / "scaling.onnx")
    onnx.save(cut([start], ["embedding"]), folder / "network.onnx")
    return {name: folder / f"{name}.onnx" for name in ("scaling", "network")}


def measure_overhead(path: Path, folder: Path, images, rounds: int) -> dict:
    """How much longer the whole graph takes than its network alone, on images scaled before."""
    parts = cut_apart(path, folder)
    scaled = open_session(parts["scaling"]).run(None, {"images": images})[0]
    contenders = {"whole": session(path, images), "bare": session(parts["network"], scaled)}
    seconds = alternating(contenders, rounds)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {**medians, "overhead": median_ratio(seconds, "whole", "bare") - 1}


def measure_encoding(path: Path, folder: Path, split: str, images, rounds: int) -> dict:
    """Images/s of `encode`, with reading and writing, and of ONNX Runtime on the same images."""

    def encode():
        encoder = open_encoder(path)
        stream = open_images(f"fashion_mnist:{split}").stream(encoder.image_shape, BATCH)
        encode_to_file(encoder, stream, folder / "codes.npz")

    seconds = alternating({"encode": encode, "bare session": session(path, images)}, rounds)
    speeds = {name: len(images) / statistics.median(seconds[name]) for name in seconds}
    ratio = median_ratio(seconds, "bare session", "encode")
    return {"images": len(images), **speeds, "encode / bare session": ratio}


def measure_export(model: str, folder: Path) -> float:
    """Seconds of `classwise export`, from the start of Python to its end."""
    command = [sys.executable, "-c", "from classwise.zoo.commands import main; exit(main())"]
    command += ["export", model, "-o", str(folder / "timed.onnx")]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(model: str, folder: Path, rounds: int, quick: bool) -> dict:
    """Returns all figures."""
    hasher = load(model)
    protocol = get_protocol(PROTOCOL).load()
    test = protocol.queries.images[: 1000 if quick else None]
    split = "test" if quick else "train"
    places = {
        "onnx": export.to_onnx(hasher, folder / "a.onnx").path,
        "saved_model": export.to_saved_model(hasher, folder / "saved_model").path,
        "litert": export.to_litert(hasher, folder / "a.tflite").path,
        "openvino": f"openvino:{folder / 'a.onnx'}",
    }
    note("parity on the test images")
    parity = {
        name: export.verify(hasher, place, test, batch_sizes=(BATCH,)).to_dict()
        for name, place in places.items()
    }
    note("speed")
    speed = measure_speed(model, places, test[: 512 if quick else 2048], rounds)
    note("overhead")
    overhead = measure_overhead(places["onnx"], folder, test[:1024], 3 * rounds)
    note("encoding")
    whole = protocol.images.images[:60_000] if split == "train" else protocol.queries.images
    encoding = measure_encoding(places["onnx"], folder, split, whole, 1 if quick else 3)
    note("lower precision")
    queries, database = protocol.queries, protocol.database
    if quick:
        queries, database = queries.select(range(500)), database.select(range(2500))
    precision = {
        name: export.to_onnx(
            hasher,
            folder / f"{name}.onnx",
            precision=name,
            calibration=calibration_pixels(protocol.training),
            evaluation=SimpleNamespace(queries=queries, database=database),
            max_map_loss=1,
        ).precision.to_dict()
        for name in ("fp16", "int8")
    }
    note("export")
    return {
        "parity with Keras": parity,
        **speed,
        "graph": overhead,
        "encode": encoding,
        "precision": precision,
        "seconds of export and verification": measure_export(model, folder),
    }


def against_targets(figures: dict) -> dict:
    """Returns each figure that has a target, beside it."""
    large, single = (figures["onnx, times as fast as"][f"batch {size}"] for size in (BATCH, 1))
    parities = figures["parity with Keras"].values()
    values = {
        "onnx / saved_model, batch 256": large["saved_model"],
        "onnx / keras, batch 256": large["keras"],
        "onnx / saved_model, batch 1": single["saved_model"],
        "overhead of preprocessing, sign and packing": figures["graph"]["overhead"],
        "flipped bits, fp32": max(parity["flips_beyond_margin"] for parity in parities),
        "share of bits, fp16": figures["precision"]["fp16"]["share_of_bits"],
        "mAP loss, int8": figures["precision"]["int8"]["map_loss"],
        "seconds of export and verification": figures["seconds of export and verification"],
        "encode / bare session": figures["encode"]["encode / bare session"],
    }
    return {
        name: {
            "value": values[name],
            "target": f"{sign} {limit}",
            "reached": values[name] >= limit if sign == ">=" else values[name] <= limit,
        }
        for name, (sign, limit) in TARGETS.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", nargs="?", type=Path, default=RESULTS)
    parser.add_argument("--model", default=PRESET, help="a preset's name, or a .keras file")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="less of everything")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.model, Path(folder), options.rounds, options.quick)
    packages = ("tensorflow", "keras", "onnxruntime", "openvino", "ai-edge-litert", "numpy")
    document = {
        "command": "python bench/export.py" + " --quick" * options.quick,
        "model": Path(options.model).name,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
        "rounds": options.rounds,
        "targets": against_targets(figures),
        "figures": figures,
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document["targets"], indent=2))


if __name__ == "__main__":
    main()
