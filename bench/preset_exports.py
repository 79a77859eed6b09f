"""Measures the ONNX exports of presets and writes bench/results/preset_exports.json.

    python bench/preset_exports.py [NAME ...] [--all] [--images 2000]

Each preset is exported in float32, proven equal, and in float16, compared with it on the first
query images of its protocol: sizes, bits that differ, speed of both in turn. Its int8 export is
compared on 1,000 queries and 10,000 images of the database, spread evenly over both, which also
gives the mAP that it loses. Hashers of one method on one trunk differ in their code length only, so
that one of them is measured by default. A preset whose precisions all stand in the file with
the same weights is left as it is, unless it is named.
"""

import argparse
import json
import os
import platform
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from classwise import export
from classwise.export.commands.measuring_images import protocol_calibration
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.image_sources import evenly_chosen as spread
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.foundation.printing import print_note
from classwise.zoo.presets import Preset, get_preset, presets
from classwise.zoo.presets.load import load

RESULTS = Path(__file__).parent / "results" / "preset_exports.json"
PACKAGES = ("onnxruntime", "onnx", "numpy")
QUERIES, DATABASE = 1000, 10_000


@dataclass(frozen=True)
class Sample:
    """Queries and a database, a part of a protocol's."""

    queries: LabeledImages
    database: LabeledImages


def measure(preset: Preset, images: int, data_dir: Path | None) -> dict:
    """Returns what one preset's exports measure."""
    every = get_protocol(preset.protocol).load(data_dir).resized(preset.image_shape)
    queries = spread(every.queries, QUERIES)
    # Where every image asks all the others, so do those of the sample.
    alone = every.database is every.queries
    database = queries if alone else spread(every.database, DATABASE)
    if alone:
        counts = {"leave_one_out": len(queries)}
    else:
        counts = {"queries": len(queries), "database": len(database)}
    hasher = load(preset.name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.onnx")
        report = export.to_onnx(
            hasher, file, precision="fp16", images=every.queries.images[:images]
        )
        int8 = export.to_onnx(
            hasher,
            file,
            precision="int8",
            calibration=protocol_calibration(every),
            evaluation=Sample(queries, database),
            max_map_loss=1.0,
            verify=False,
        )
    return {
        "sha256": preset.sha256,
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
        "versions": {name: version(name) for name in PACKAGES},
        "precision": {
            "fp16": report.precision.to_dict(),
            "int8": int8.precision.to_dict() | counts,
        },
        "parity": report.parity.to_dict(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="default: one of each trunk and method"
    )
    parser.add_argument("--all", action="store_true", help="all presets")
    parser.add_argument("--images", type=int, default=2000, help="compared (default: 2000)")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found = {name: figures for name, figures in found.items() if name in presets()}
    one_of_each = {(p.trunk, p.method): name for name, p in presets().items()}.values()
    for name in options.names or (presets() if options.all else one_of_each):
        preset = get_preset(name)
        known = found.get(name, {})
        complete = {"fp16", "int8"} <= known.get("precision", {}).keys()
        if name in options.names or not complete or known["sha256"] != preset.sha256:
            print_note(name)
            found[name] = measure(preset, options.images, options.data_dir)
            with replacing_file(RESULTS) as temporary:
                text = json.dumps(dict(sorted(found.items())), indent=2)
                temporary.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
