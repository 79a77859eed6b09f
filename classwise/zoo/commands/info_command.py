"""Show everything known about a pretrained hasher, or about the trunk that hashers stand on."""

import argparse
import dataclasses
from collections.abc import Sequence

from classwise.zoo.foundation.printing import (
    counted,
    four_digits,
    megabytes,
    print_json,
    print_table,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a name of `classwise list`, or a trunk's")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON object")
    form.add_argument(
        "--card", action="store_true", help="print its model card, the README.md of a model hub"
    )


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets import get_preset
    from classwise.zoo.presets.registry import trunks

    if options.card:
        from classwise.zoo.cards.cards import card

        print(card(options.name), end="")
        return 0
    if options.name in trunks():
        print_trunk(trunks()[options.name], options.json)
        return 0
    preset = get_preset(options.name)
    if options.json:
        print_json(preset.to_dict())
        return 0
    height, width, channels = preset.image_shape
    facts = {
        "method": preset.method,
        "backbone": preset.backbone,
        **({"hidden layer": f"{preset.hidden_units} units"} if preset.hidden_units else {}),
        "code": f"{preset.code_length} bits",
        "images": f"uint8 [N, {height}, {width}, {channels}], 0-255",
        "data set": f"{preset.dataset} ({classes(preset.class_names)})",
        "protocol": preset.protocol,
        **{f.file: f"{megabytes(f.bytes)}, SHA-256 {f.sha256}" for f in preset.files},
        "training": ", ".join(f"{key} {value}" for key, value in preset.training.items()),
        "seed": preset.seed,
        "nearest centre": ", ".join(
            f"{kind} {result['accuracy']:.4f}" for kind, result in preset.accuracy.items()
        ),
        "Recall@1": f"{preset.embedding_metrics['recall@1']['value']:.4f}, by cosine similarity",
        "versions": ", ".join(f"{key} {value}" for key, value in preset.versions.items()),
        "licence": preset.license,
    }
    print_table(preset.name, ["", ""], facts.items())
    print_metrics(preset.protocol, preset.metrics)
    return 0


def classes(names: Sequence[str]) -> str:
    """Returns the names of classes; of more than 20, the first and the last ones."""
    if len(names) <= 20:
        return ", ".join(names)
    return f"{len(names)} classes, {', '.join(names[:3])} to {names[-1]}; all of them with --json"


def print_trunk(trunk, as_json: bool) -> None:
    """Prints a trunk's entry, and the hashers that stand on it."""
    from classwise.zoo.presets.registry import presets

    hashers = [preset.name for preset in presets().values() if preset.trunk == trunk.name]
    if as_json:
        print_json({**dataclasses.asdict(trunk), "hashers": hashers})
        return
    facts = {
        "backbone": trunk.backbone,
        "trained on": trunk.dataset,
        "at": "{} x {} pixels, {}".format(
            *trunk.image_shape[:2], counted(trunk.image_shape[2], "channel")
        ),
        "origin": trunk.origin,
        **trunk_training(trunk),
        trunk.file: f"{megabytes(trunk.bytes)}, SHA-256 {trunk.sha256}",
        "hashers": ", ".join(hashers) or "none: give it a hash layer of your own",
        "to train on it": f'zoo.load("{trunk.name}", num_classes=..., code_length=...)',
        "licence": trunk.license,
    }
    print_table(trunk.name, ["", ""], facts.items())


def trunk_training(trunk) -> dict[str, str]:
    """Returns how long a trunk was trained, if a recipe trained it."""
    if trunk.training is None:
        return {}
    return {
        "training": f"{trunk.training['epochs']} epochs in {trunk.training['minutes']:g} minutes",
        "recipe": trunk.recipe["name"],
    }


def print_metrics(title: str, metrics: dict) -> None:
    """Prints metrics with the band that ties leave them."""
    keys = ("worst", "expected", "best", "standard_error")
    print_table(
        title,
        ["metric", ">worst", ">expected", ">best", ">std. error"],
        ((name, *(four_digits(value[key]) for key in keys)) for name, value in metrics.items()),
    )
