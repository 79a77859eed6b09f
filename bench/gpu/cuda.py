"""Measures exported ONNX files on an NVIDIA GPU beside the CPU, in two steps:

    PYTHONPATH=. python bench/gpu/cuda.py prepare FOLDER   # needs TensorFlow and the data sets
    PYTHONPATH=. python bench/gpu/cuda.py measure FOLDER   # needs a GPU and onnxruntime-gpu

The first step exports and saves images. The second needs neither TensorFlow nor Keras, and writes
bench/results/cuda.json: for the folder's files, one preset of each trunk in every precision, the
bits that differ on the test images from the float32 file on the CPU, how many nodes each provider
runs, and images/s of both in turn. TensorFloat-32, which ONNX Runtime computes in unless told
otherwise, is measured beside float32. Files that were measured before on such a machine, and are
not in the folder, keep their figures.
"""

import argparse
import collections
import json
import os
import platform
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from bench.timing.turns import alternating
from classwise.export.graph.signature import INPUT
from classwise.export.proof.parity import measure_parity
from classwise.zoo.datasets.resized_images import resize_pixels
from classwise.zoo.encoding.onnx_session import open_session
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.printing import print_note

RESULTS = Path(__file__).parents[1] / "results" / "cuda.json"
PRECISIONS = ("fp32", "fp16", "int8")
BATCHES = (1, 256)
ROUNDS, IMAGES_A_ROUND = 7, 4096


def prepare(folder: Path, data_dir: Path | None) -> None:
    """Writes `NAME.PRECISION.onnx` and, of each data set, its test images as `DATASET.npy`."""
    from classwise import export
    from classwise.export.commands.measuring_images import calibration_pixels
    from classwise.zoo.datasets.protocols import get_protocol
    from classwise.zoo.presets import presets
    from classwise.zoo.presets.load import load

    folder.mkdir(parents=True, exist_ok=True)
    for name in {p.trunk: name for name, p in presets().items() if p.method == "dcwh"}.values():
        preset = presets()[name]
        data = get_protocol(preset.protocol).load(data_dir)
        np.save(folder / f"{preset.dataset}.npy", data.queries.images)
        calibration = calibration_pixels(data.resized(preset.image_shape).training)
        for precision in PRECISIONS:
            print_note(f"{name}, {precision}")
            export.to_onnx(
                load(name),
                folder / f"{name}.{precision}.onnx",
                precision=precision,
                calibration=calibration if precision == "int8" else None,
                metadata=export.preset_facts(name),
            )


def measure(path: Path, images: np.ndarray) -> dict:
    """Returns what one file measures on images of its data set."""
    sessions = {
        "cuda": open_session(path, ["cuda"], require_provider=True),
        "cuda, TF32": tf32_session(path),
        "cpu": open_session(path),
    }
    images = resize_pixels(images, tuple(sessions["cpu"].get_inputs()[0].shape[1:]))
    right = outputs(open_session(float32_file(path)), images)
    return {
        "nodes": nodes_by_provider(path, images[: BATCHES[-1]]),
        "differences": {
            name: difference(right, outputs(session, images)) for name, session in sessions.items()
        },
        "images_per_second": {
            str(batch): speeds(sessions, images[:IMAGES_A_ROUND], batch) for batch in BATCHES
        },
    }


def float32_file(path: Path) -> Path:
    """Returns the float32 export of the preset that a file was exported from."""
    name, _, _ = path.name.rsplit(".", 2)
    return path.with_name(f"{name}.fp32.onnx")


def tf32_session(path: Path) -> onnxruntime.InferenceSession:
    """Opens a file as ONNX Runtime does without further options, once CUDA is loaded."""
    return onnxruntime.InferenceSession(str(path), providers=["CUDAExecutionProvider"])


def outputs(session: onnxruntime.InferenceSession, images: np.ndarray) -> dict[str, np.ndarray]:
    """Returns embedding and code of all images."""
    size = BATCHES[-1]
    parts = [
        session.run(["embedding", "code"], {INPUT: images[start : start + size]})
        for start in range(0, len(images), size)
    ]
    embedding, code = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return {"embedding": embedding, "code": code}


def difference(right: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict:
    """Returns how far outputs are from the right ones."""
    parity = measure_parity(
        right, {name: [array] for name, array in found.items()}, batch_sizes=BATCHES[-1:]
    )
    figures = parity.to_dict()
    kept = ("images", "bits", "flipped_bits", "flips_beyond_margin", "margin", "max_difference")
    return {name: figures[name] for name in kept}


def nodes_by_provider(path: Path, images: np.ndarray) -> dict[str, int]:
    """Returns how many nodes of a file each provider runs, when CUDA is asked for."""
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder, "profile"))
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CUDAExecutionProvider"]
        )
        session.run(None, {INPUT: images})
        events = json.loads(Path(session.end_profiling()).read_text())
    arguments = [event.get("args", {}) for event in events if event.get("cat") == "Node"]
    run = {a["node_index"]: a["provider"] for a in arguments if a.get("provider")}
    return dict(collections.Counter(run.values()))


def speeds(
    sessions: dict[str, onnxruntime.InferenceSession], images: np.ndarray, batch: int
) -> dict[str, float]:
    """Returns images/s of the sessions, which take turns; the median round counts."""
    images = images if batch > 1 else images[: len(images) // 16]
    parts = [images[start : start + batch] for start in range(0, len(images), batch)]

    def each(session):
        return lambda: [session.run(None, {INPUT: part}) for part in parts]

    seconds = alternating({name: each(session) for name, session in sessions.items()}, ROUNDS)
    return {name: len(images) / statistics.median(values) for name, values in seconds.items()}


def graphics_card() -> dict[str, str]:
    """Returns the GPU's name and its driver's version, as `nvidia-smi` tells them."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    shown = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    name, driver = shown.splitlines()[0].split(", ")
    return {"gpu": name, "driver": driver}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("prepare", "measure"))
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of files and images")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help=f"default: {RESULTS}")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    if options.step == "prepare":
        prepare(options.folder, options.data_dir)
        return
    machine = {"cores": os.cpu_count(), "processor": platform.machine(), **graphics_card()}
    results = {"machine": machine, "onnxruntime": onnxruntime.__version__}
    found = {}
    if options.output.exists():
        before = json.loads(options.output.read_text(encoding="utf-8"))
        files = before.pop("files")
        found = files if before == results else {}
    for path in sorted(options.folder.glob("*.onnx")):
        facts = open_session(path).get_modelmeta().custom_metadata_map
        images = np.load(options.folder / f"{facts['dataset']}.npy")
        print_note(path.name)
        found[path.stem] = measure(path, images)
        text = json.dumps({**results, "files": dict(sorted(found.items()))}, indent=2)
        with replacing_file(options.output) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
