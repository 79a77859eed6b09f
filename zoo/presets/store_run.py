"""Storing of a finished training's weights among the presets."""

import dataclasses
import json
import os
import re
import shutil
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file, sha256
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets import registry
from classwise.zoo.presets.load import (
    check_file,
    head_variables,
    load_backbone,
    load_file,
)
from classwise.zoo.presets.weight_files import (
    as_stored,
    assign_weights,
    named_weights,
    read_weights,
    same_weights,
    variables_by_path,
    write_weights,
)
from classwise.zoo.training.recipe import Recipe, build_recipe
from classwise.zoo.training.run_directory import (
    SELECTED_BY,
    read_log,
    selected_epoch,
    training_minutes,
)

PACKAGES = ("classwise", "keras", "numpy")
LICENSE = "Apache-2.0"


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished training, whose trunk is among the presets.

    Args:
        folder: where `classwise train` wrote it.
        recipe: its recipe.
        trained: the hasher as it was trained.
        trunk: name of its trunk.
        stored: the hasher on the trunk as it is stored.
    """

    folder: Path
    recipe: Recipe
    trained: Hasher
    trunk: str
    stored: Hasher

    @property
    def unchanged(self) -> bool:
        """Whether storing changed no weight, because the trunk was stored before it was frozen."""
        return same_weights(self.trained.backbone, self.stored.backbone)


def open_run(folder: Path, replaced: Collection[str] = (), used: Collection[str] = ()) -> Run:
    """Reads a finished training and stores its trunk; arguments as in `store_trunk`."""
    recipe, trained = read_run(folder)
    trunk = store_trunk(folder, recipe, trained, replaced, used)
    settings = trained.get_config()
    settings = {
        key: settings[key] for key in ("code_length", "num_classes", "normalize", "class_names")
    }
    stored = Hasher(load_backbone(trunk, trained.image_shape), **settings)
    assign_weights(head_variables(stored), named_weights(head_variables(trained)), recipe.name)
    return Run(folder, recipe, trained, trunk, stored)


def read_run(folder: Path) -> tuple[Recipe, Hasher]:
    """Returns the recipe and the finished hasher of a training.

    Raises:
        InputError: the folder holds no finished training.
    """
    file = folder / "recipe.json"
    if not file.is_file():
        raise InputError(
            f"{folder} holds no training; give the folder that `classwise train` wrote."
        )
    recipe = build_recipe(json.loads(file.read_text(encoding="utf-8")), file.name)
    return recipe, load_file(folder / "hasher.keras")


def store_run(run: Run, figures: dict) -> registry.Preset:
    """Stores a run's hash layer, class centres and log, and its entry; returns the entry.

    Args:
        run: from `open_run`.
        figures: what was measured of `run.stored`, by the names of `Preset`.
    """
    recipe, trained = run.recipe, run.trained
    protocol = get_protocol(recipe.protocol)
    file = Path("files") / f"{recipe.name}.safetensors"
    write_weights(registry.FOLDER / file, named_weights(head_variables(trained)), np.float32)
    log = read_log(run.folder)
    entry = {
        "method": recipe.method,
        "backbone": recipe.backbone,
        "dataset": protocol.dataset,
        "protocol": protocol.name,
        "code_length": recipe.code_length,
        "image_shape": trained.image_shape,
        "class_names": trained.class_names,
        "trunk": run.trunk,
        **describe_file(file),
        "seed": recipe.seed,
        "recipe": recipe.to_dict(),
        "training": store_log(run.folder, file),
        "versions": {package: version(package) for package in (*PACKAGES, backend(log))},
        "license": LICENSE,
        **figures,
    }
    write_entry("presets", recipe.name, entry)
    return registry.get_preset(recipe.name)


def store_log(folder: Path, file: Path) -> dict:
    """Stores the log of a run beside a file of the presets; returns what an entry tells of it."""
    with replacing_file(registry.FOLDER / file.with_suffix(".log.jsonl")) as temporary:
        shutil.copyfile(folder / "log.jsonl", temporary)
    log = read_log(folder)
    best = selected_epoch(log)
    return {
        "epochs": len(log),
        "minutes": training_minutes(log),
        "cores": os.cpu_count(),
        # Of the last epoch; logs of earlier versions do not tell.
        **({"backend": log[-1]["backend"]} if "backend" in log[-1] else {}),
        "selected_epoch": best["epoch"],
        SELECTED_BY: best[SELECTED_BY],
    }


def backend(log: list[dict]) -> str:
    """Returns what Keras ran on; logs of earlier versions do not tell."""
    return log[-1].get("backend", "tensorflow")


def store_trunk(
    folder: Path,
    recipe: Recipe,
    trained: Hasher,
    replaced: Collection[str] = (),
    used: Collection[str] = (),
) -> str:
    """Stores a hasher's backbone, unless that is a stored trunk already; returns its name.

    Args:
        folder: of the training.
        recipe, trained: from `read_run`.
        replaced: presets that get new entries, so that they need their old trunk no more.
        used: trunks that these stand on already.

    Raises:
        InputError: other presets stand on the trunk that would be replaced.
    """
    weights = named_weights(variables_by_path(trained.backbone))
    name = re.sub(r"_([0-9]+|trunk)$", "", recipe.name)
    for known in (recipe.trunk, name):
        if known in registry.trunks() or known in registry.presets():
            trunk = registry.get_trunk(known)
            stored = read_weights(check_file(trunk))
            if all(np.array_equal(stored[path], kept) for path, kept in as_stored(weights).items()):
                return trunk.name
    if name in used:
        raise InputError(
            f"{recipe.name} has another trunk {name} than a training given before it; add one of "
            "them only."
        )
    others = [
        preset.name
        for preset in registry.presets().values()
        if preset.trunk == name and preset.name not in replaced
    ]
    if others:
        raise InputError(f"{', '.join(others)} stand on the trunk {name}; remove them first.")
    layers = f"Trained above {recipe.frozen_until}" if recipe.frozen_until else "Trained end to end"
    start = recipe.trunk or "random weights"
    origin = f"{layers} by the recipe {recipe.name}, from {start}."
    dataset = get_protocol(recipe.protocol).dataset
    training = store_log(folder, trunk_file(name))
    facts = {"recipe": recipe.to_dict(), "training": training}
    add_trunk(name, weights, recipe.backbone, dataset, trained.image_shape, origin, facts)
    return name


def trunk_file(name: str) -> Path:
    return Path("files") / f"{name}.safetensors"


def add_trunk(name, weights, backbone, dataset, image_shape, origin, facts=None) -> dict:
    """Stores a backbone's weights, by name, as a trunk; returns its entry."""
    file = trunk_file(name)
    write_weights(registry.FOLDER / file, weights)
    entry = {
        **describe_file(file),
        "backbone": backbone,
        "dataset": dataset,
        "image_shape": image_shape,
        "origin": origin,
        "license": LICENSE,
        **(facts or {}),
    }
    write_entry("trunks", name, entry)
    return entry


def describe_file(file: Path) -> dict:
    path = registry.FOLDER / file
    return {"file": file.as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}


def write_entry(kind: str, name: str, entry: dict) -> None:
    """Writes a trunk's or a preset's entry into its family's table, `{backbone}_{data set}.json`.

    Args:
        kind: `"trunks"` or `"presets"`.
        name: of the entry.
        entry: everything else that the registry knows of it.
    """
    path = registry.FOLDER / f"{entry['backbone']}_{entry['dataset']}.json"
    found = {"format_version": registry.FORMAT_VERSION, "trunks": {}, "presets": {}}
    if path.exists():
        found |= json.loads(path.read_text(encoding="utf-8"))
    found[kind] = dict(sorted({**found[kind], name: entry}.items()))
    with replacing_file(path) as temporary:
        text = json.dumps(found, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    registry.tables.cache_clear()
