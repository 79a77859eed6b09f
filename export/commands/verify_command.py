"""Compare an exported file with the hasher that it came from: every bit, on several batch sizes."""

import argparse
from pathlib import Path

from classwise.zoo.commands.printing import print_json, print_note


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a preset's name, or a .keras file")
    parser.add_argument(
        "exported", type=Path, metavar="EXPORTED", help="an ONNX file or a SavedModel folder"
    )
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="compare on the images of this folder"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: argparse.Namespace) -> int:
    from classwise.export import ParityError, verify
    from classwise.zoo.datasets.image_folder import load_folder
    from classwise.zoo.presets.load import load_any

    hasher = load_any(options.model)
    images = None
    if options.images is not None:
        images = load_folder(options.images, hasher.image_shape).images[:]
    try:
        parity = verify(hasher, options.exported, images)
    except ParityError as error:
        if options.json:
            figures = error.parity.to_dict() if error.parity else {"passed": False}
            print_json({**figures, "reason": str(error)})
        print_note(f"classwise verify: {error}")
        return 1
    if options.json:
        print_json(parity.to_dict())
    else:
        print(f"Equal: {parity}.")
    return 0
