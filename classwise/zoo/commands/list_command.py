"""Show the pretrained hashers."""

import argparse

from classwise.zoo.foundation.number_ranges import CODE_LENGTHS
from classwise.zoo.foundation.printing import megabytes, print_json, print_note, print_table
from classwise.zoo.methods import METHODS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", help=f"only those of this method: {', '.join(METHODS)}")
    parser.add_argument("--dataset", help="only those of this data set")
    parser.add_argument(
        "--code-length", type=CODE_LENGTHS.parse, help="only those with this many bits"
    )
    parser.add_argument("--backbone", help="only those with this backbone")
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets import get_preset, list_models
    from classwise.zoo.presets.registry import trunks

    names = list_models(options.method, options.dataset, options.code_length, options.backbone)
    found = [get_preset(name) for name in names]
    if options.json:
        print_json([preset.to_dict() for preset in found])
        return 0
    print_table(
        f"{len(found)} presets",
        ["name", ">bits", "protocol", ">mAP", ">size"],
        (
            (p.name, p.code_length, p.protocol, map_of(p.metrics), megabytes(p.total_bytes))
            for p in found
        ),
    )
    alone = sorted(name for name, trunk in trunks().items() if trunk.recipe is None)
    print_note(f"Trunks to train hashers on: {', '.join(alone)} and those of the presets.")
    return 0


def map_of(metrics: dict) -> str:
    """Returns the tie-expected mAP as text, or a dash."""
    return f"{metrics['map']['expected']:.4f}" if "map" in metrics else "-"
