"""Publish a hasher on a model hub.

A folder of `hasher.save_preset` is uploaded as it is. Of anything else that is a hasher such a
folder is made first, with its ONNX file and a card. `hf auth login`, or the variable HF_TOKEN,
says who publishes.
"""

import argparse

from classwise.zoo.foundation.printing import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="a preset folder, a .keras file or a preset's name"
    )
    parser.add_argument("address", metavar="hf://OWNER/MODEL", help="where it is published")
    parser.add_argument(
        "--message", "-m", default="A classwise hasher", metavar="TEXT", help="of the commit"
    )
    parser.add_argument(
        "--private", action="store_true", help="make a repository that is new a private one"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets.find_model import PRESET_FOLDER, find_model
    from classwise.zoo.presets.load import load
    from classwise.zoo.presets.push import check_address, push

    check_address(options.address)
    found = find_model(options.model)
    model = found.path if found.kind == PRESET_FOLDER else load(options.model)
    url = push(model, options.address, message=options.message, private=options.private)
    if options.json:
        print_json({"address": options.address, "commit": url})
        return 0
    print(f"Pushed {options.model} to {options.address} ({url}).")
    print(f'Load it: zoo.load("{options.address}")')
    return 0
