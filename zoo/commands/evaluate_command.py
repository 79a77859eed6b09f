"""Measure the retrieval of a hasher under a protocol: tie-expected metrics of its codes."""

import argparse
from pathlib import Path

from classwise.zoo.commands.info_command import print_metrics
from classwise.zoo.commands.printing import print_json, print_note
from classwise.zoo.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument("--protocol", metavar="P", help="by default, the preset's own")
    parser.add_argument(
        "--top-k", type=int, nargs="+", metavar="K", help="cut-offs (default: 100 1000)"
    )
    parser.add_argument(
        "--radius", type=int, nargs="+", default=[2], metavar="R", help="Hamming radii (default: 2)"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets import get_preset, presets

    protocol = options.protocol
    if protocol is None:
        if Path(options.model).exists() and options.model not in presets():
            raise InputError(f"--protocol is needed for the file {options.model}.")
        protocol = get_preset(options.model).protocol

    from classwise.zoo.datasets.protocols import get_protocol

    chosen = get_protocol(protocol)

    from classwise.zoo.evaluation import evaluate_hasher
    from classwise.zoo.presets.load import load_any

    hasher = load_any(options.model)
    images = chosen.load(options.data_dir)
    print_note(f"{chosen.name}: {len(images.queries)} queries, {len(images.database)} in database")
    result = evaluate_hasher(
        hasher, images, top_k=options.top_k, radius=options.radius, verbose=0 if options.json else 1
    )
    document = {"model": options.model, "protocol": chosen.name, **result.to_dict()}
    if options.json:
        print_json(document)
    else:
        print_metrics(f"{options.model} under {chosen.name}", document["metrics"])
    return 0
