"""Show everything known about a hasher, a preset or one's own, or about a trunk of hashers."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import (
    counted,
    four_digits,
    megabytes,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from classwise.zoo.presets.find_model import FoundModel
    from classwise.zoo.presets.registry import Preset, WeightFile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        metavar="MODEL",
        help="a name of `classwise list`, a trunk's, a .keras file, a preset folder, or a URL of "
        "either",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON object")
    form.add_argument(
        "--card", action="store_true", help="print its model card, the README.md of a model hub"
    )


def run(options: argparse.Namespace) -> int:
    from classwise.zoo.presets.find_model import PRESET, PRESET_FOLDER, TRUNK, read_model

    show = {PRESET: show_preset, TRUNK: show_trunk, PRESET_FOLDER: show_own, ".keras": show_own}
    read_model(options.name, {kind: partial(each, options) for kind, each in show.items()})
    return 0


def show_preset(options: argparse.Namespace, found: FoundModel) -> None:
    """Prints a preset's entry, or its card."""
    from classwise.zoo.presets import get_preset

    preset = get_preset(found.name)
    if options.card:
        print_card(found.name)
    elif options.json:
        print_json(preset.to_dict())
    else:
        print_preset(preset)


def show_trunk(options: argparse.Namespace, found: FoundModel) -> None:
    """Prints a trunk's entry, or its card."""
    from classwise.zoo.presets.registry import trunks

    if options.card:
        print_card(found.name)
    else:
        print_trunk(trunks()[found.name], options.json)


def show_own(options: argparse.Namespace, found: FoundModel) -> None:
    """Prints what is known of somebody's file or folder, without TensorFlow."""
    from classwise.zoo.models.folder_facts import read_facts
    from classwise.zoo.models.keras_parts import read_config
    from classwise.zoo.models.model_facts import model_facts
    from classwise.zoo.models.preset_folder import README

    if options.card:
        if not (found.path / README).is_file():
            raise InputError(f"{found.name} has no card; hasher.save_preset('mine/') writes one.")
        print((found.path / README).read_text(encoding="utf-8"), end="")
        return
    facts = model_facts(read_config(found.path), found.name)
    if found.path.is_dir():
        facts = read_facts(found.path) | facts
    if options.json:
        print_json({"model": found.name, **facts})
        return
    height, width, channels = facts["image_shape"]
    rows = {
        "backbone": facts["backbone"],
        **({"hidden layer": f"{facts['hidden_units']} units"} if facts["hidden_units"] else {}),
        "code": f"{facts['code_length']} bits",
        "images": f"uint8 [N, {height}, {width}, {channels}], 0-255",
        "classes": classes(facts["class_names"]),
        "loss": facts["loss"] or "none: compile it to train on",
        "data set": facts.get("dataset"),
        "base model": facts.get("base_model"),
        "license": facts.get("license"),
        **{
            name: f"{megabytes(file['bytes'])}, SHA-256 {file['sha256']}"
            for name, file in facts.get("files", {}).items()
        },
    }
    print_table(found.name, ["", ""], [(key, value) for key, value in rows.items() if value])
    if facts.get("evaluation"):
        print_metrics(facts["evaluation"].get("protocol") or "", facts["evaluation"]["metrics"])


def print_card(name: str) -> None:
    """Prints the card of a preset or a trunk."""
    from classwise.zoo.cards.cards import card

    print(card(name), end="")


def print_preset(preset: Preset) -> None:
    """Prints a preset's entry for people."""
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
        **nearest_or_same_kind(preset),
        "Recall@1": f"{preset.embedding_metrics['recall@1']['value']:.4f}, by cosine similarity",
        "versions": ", ".join(f"{key} {value}" for key, value in preset.versions.items()),
        "license": preset.license,
    }
    print_table(preset.name, ["", ""], facts.items())
    print_metrics(preset.protocol, preset.metrics)


def nearest_or_same_kind(preset: Preset) -> dict[str, str]:
    """Returns how often the nearest class center is right, or what tells kinds of things apart."""
    if preset.for_any_photos:
        found = preset.same_kind
        return {
            "the same kind": f"within {found['distance']} bits; of different kinds "
            f"{found['false_match_rate']:.2%} are",
            "learned from": ", ".join(
                f"{pool['learned']:,} photos of {pool['source']}" for pool in preset.pools
            ),
        }
    kinds = (f"{kind} {result['accuracy']:.4f}" for kind, result in preset.accuracy.items())
    return {"nearest center": ", ".join(kinds)}


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
        **({"its authors cut": f"{trunk.crop:.1%} of the shorter side"} if trunk.crop else {}),
        "origin": trunk.origin,
        **trunk_training(trunk),
        trunk.file: f"{megabytes(trunk.bytes)}, SHA-256 {trunk.sha256}",
        **({"classifier": described(trunk.classifier)} if trunk.classifier else {}),
        "hashers": ", ".join(hashers) or "none: give it a hash layer of your own",
        "to train on it": f'zoo.load("{trunk.name}", num_classes=..., code_length=...)',
        "license": trunk.license,
    }
    print_table(trunk.name, ["", ""], facts.items())


def described(file: WeightFile) -> str:
    """Returns where a file lies, its size and its SHA-256."""
    return f"{file.file}: {megabytes(file.bytes)}, SHA-256 {file.sha256}"


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
        ((name, *(four_digits(value.get(key)) for key in keys)) for name, value in metrics.items()),
    )
