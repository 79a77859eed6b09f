"""Entries of the registry's tables, and what of a training they tell."""

import json
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from classwise.zoo.foundation.files import replacing_file, sha256
from classwise.zoo.presets import registry
from classwise.zoo.training.environment import versions
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import (
    SELECTED_BY,
    read_log,
    selected_epoch,
    training_minutes,
)

LICENSE = "Apache-2.0"


def describe_training(recipe: Recipe, folder: Path, file: Path) -> dict:
    """Stores a training's log beside a file of weights; returns what an entry tells of it.

    Args:
        recipe: of the training.
        folder: where `classwise train` wrote it.
        file: of the weights, inside the presets folder.
    """
    with replacing_file(registry.FOLDER / file.with_suffix(".log.jsonl")) as temporary:
        shutil.copyfile(folder / "log.jsonl", temporary)
    log = read_log(folder)
    best = selected_epoch(log)
    return {
        "recipe": recipe.to_dict(),
        "training": {
            "epochs": len(log),
            "minutes": training_minutes(log),
            **trained_on(log),
            "selected_epoch": best["epoch"],
            SELECTED_BY: best[SELECTED_BY],
        },
        "versions": trained_with(log),
    }


def trained_on(log: list[dict]) -> dict:
    """Returns the backend and the devices that a log tells of, and of CPUs the cores.

    Example:

    >>> trained_on([{"backend": "torch", "device": "cpu"}, {"backend": "jax", "device": "gpu"}])
    {'backend': 'jax', 'device': 'cpu and gpu'}
    """
    told = {key: log[-1][key] for key in ("backend", "cores") if key in log[-1]}
    devices = sorted({line["device"] for line in log if "device" in line})
    if devices in ([], ["cpu"]):  # logs of earlier versions tell neither device nor cores
        return {"cores": os.cpu_count(), **told, **({"device": "cpu"} if devices else {})}
    return {**told, "device": " and ".join(devices)}


def trained_with(log: list[dict]) -> dict[str, str]:
    """Returns the versions of the last start; of logs that tell none, those of this machine."""
    told = [line["versions"] for line in log if "versions" in line]
    return told[-1] if told else versions(log[-1].get("backend", "tensorflow"))


def describe_file(file: Path) -> dict:
    path = registry.FOLDER / file
    return {"file": file.as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}


def write_entry(
    kind: str,
    name: str,
    entry: dict,
    dropped: Collection[str] = (),
    class_names: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Writes a trunk's or a preset's entry into its family's table, `{backbone}_{data set}.json`.

    Args:
        kind: `"trunks"` or `"presets"`.
        name: of the entry.
        entry: everything else that the registry knows of it.
        dropped: presets whose entries go.
        class_names: lists of names that entries share, by what they call them.
    """
    path = registry.FOLDER / f"{entry['backbone']}_{entry['dataset']}.json"
    found = {"format_version": registry.FORMAT_VERSION, "trunks": {}, "presets": {}}
    if path.exists():
        found |= json.loads(path.read_text(encoding="utf-8"))
    found["presets"] = {key: kept for key, kept in found["presets"].items() if key not in dropped}
    if class_names:
        found["class_names"] = {key: list(names) for key, names in class_names.items()}
    found[kind] = dict(sorted({**found[kind], name: entry}.items()))
    with replacing_file(path) as temporary:
        text = json.dumps(found, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    registry.tables.cache_clear()
