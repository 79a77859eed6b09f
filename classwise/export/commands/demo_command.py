"""Load a pretrained hasher, encode bundled photos, find neighbors, export to ONNX and verify."""

import argparse
import time
from pathlib import Path

from classwise.zoo.foundation.printing import megabytes, print_json, print_note

PRESET = "dcwh_efficientnet_lite0_clothing_48"
ASKING_SHARE = 4  # a fourth of every class asks
NEIGHBORS = 10
PROVEN_EVERY = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", default=PRESET, metavar="NAME", help=f"a pretrained hasher ({PRESET})"
    )
    parser.add_argument(
        "--output", "-o", type=Path, default=Path("demo"), metavar="DIR", help="(default: demo)"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> int:
    import numpy as np

    from classwise.export.formats.onnx_format import FORMAT
    from classwise.export.formats.preset_facts import preset_facts
    from classwise.zoo.datasets.sample import sample_of_shape
    from classwise.zoo.evaluation.neighbor_picture import first_of_each_class, neighbor_picture
    from classwise.zoo.evaluation.report.figures import save_figure
    from classwise.zoo.presets.load import load
    from classwise.zoo.retrieval import evaluate_codes

    FORMAT.check_packages()
    print_note(f"Loading {options.preset} ...")
    hasher = load(options.preset)
    images = sample_of_shape(hasher.image_shape)

    print_note(f"Encoding {len(images)} bundled images ({images.name}) ...")
    start = time.perf_counter()
    codes = hasher.encode(images.images, verbose=0)
    seconds = time.perf_counter() - start

    per_class = len(images) // images.num_classes // ASKING_SHARE
    asking = first_of_each_class(images.labels, per_class)
    query, database = np.flatnonzero(asking), np.flatnonzero(~asking)
    result = evaluate_codes(
        codes[query],
        images.labels[query],
        codes[database],
        images.labels[database],
        code_length=hasher.code_length,
    )

    shown = np.flatnonzero(first_of_each_class(images.labels, 1))
    picture = options.output / "neighbours.png"
    save_figure(neighbor_picture(images, codes, shown, database, NEIGHBORS), picture)

    print_note("Exporting to ONNX and comparing every bit ...")
    report = FORMAT.write(
        hasher,
        options.output / f"{options.preset}.onnx",
        metadata=preset_facts(options.preset),
        images=images.images[::PROVEN_EVERY],
    )
    mean_ap = result.metrics["map"]
    if options.json:
        print_json(
            {
                "preset": options.preset,
                "images": len(images),
                "code": codes[query[0]].tolist(),
                "neighbours": str(picture),
                "onnx": report.to_dict(),
                **result.to_dict(),
            }
        )
        return 0
    print(f"code of the first query   {codes[query[0]].tobytes().hex()}")
    print(f"encoding                  {len(images) / seconds:.0f} images/s with Keras")
    print(
        f"mAP on the sample         {mean_ap.expected:.4f} ({len(query)} queries, {len(database)} "
        f"in the database; {mean_ap.worst:.4f} to {mean_ap.best:.4f} by the order of ties)"
    )
    print(f"neighbors                {picture} (codes rank classes, not looks)")
    print(f"ONNX                      {report.path} ({megabytes(report.bytes)})")
    print(f"parity with Keras         {report.parity}")
    return 0
