"""Storing of trained backbones as trunks, which hashers share."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.presets import registry
from classwise.zoo.presets.load import check_file
from classwise.zoo.presets.weight_files import (
    as_stored,
    named_weights,
    read_weights,
    variables_by_path,
    write_weights,
)
from classwise.zoo.training.recipe import TRUNK_ENDING, Recipe
from tools.publish.entries import LICENSE, describe_file, describe_training, write_entry


def store_trunk(
    folder: Path,
    recipe: Recipe,
    trained: Hasher,
    dropped: Collection[str] | None = (),
    used: Collection[str] = (),
    other_seeds: Mapping[str, float] | None = None,
) -> str:
    """Stores a hasher's backbone, unless that is a stored trunk already; returns its name.

    Args:
        folder: of the training.
        recipe, trained: from `read_run`.
        dropped: presets that stand on a trunk that is replaced, and whose entries go; None: all.
        used: trunks that other trainings, given before, stand on.
        other_seeds: validation accuracy of the recipe's other trainings, by seed.

    Raises:
        InputError: presets that are not dropped stand on the trunk that would be replaced, or the
            recipe trains a head alone, and not on the trunk that is stored.
    """
    weights = named_weights(variables_by_path(trained.backbone))
    name = re.sub(rf"_([0-9]+|{TRUNK_ENDING[1:]})$", "", recipe.name)
    same = [known for known in (recipe.trunk, name) if known and stands_on(weights, known)]
    if same and not recipe.makes_trunk:
        return registry.get_trunk(same[0]).name
    frozen = recipe.frozen_until if recipe.thaws_at is None else None  # to the end
    if frozen == trained.backbone.layers[-1].name:
        raise InputError(
            f"{recipe.name} was trained on another trunk {recipe.trunk} than the stored one; train "
            "it again."
        )
    if name in used:
        raise InputError(
            f"{recipe.name} has another trunk {name} than a training given before it; add one of "
            "them only."
        )
    standing = {preset.name for preset in registry.presets().values() if preset.trunk == name}
    going = set() if name in same else standing
    kept = sorted(going - set(standing if dropped is None else dropped))
    if kept:
        raise InputError(
            f"{', '.join(kept)} stand on the trunk {name} and would have to be trained again; give "
            "--replace to drop them."
        )
    layers = f"Trained above {frozen}" if frozen else "Trained end to end"
    start = recipe.trunk or "random weights"
    if recipe.distillation is not None:
        start += f" and by the embeddings of {recipe.distillation.teacher}"
    add_trunk(
        name,
        weights,
        dropped=going,
        backbone=recipe.backbone,
        dataset=get_protocol(recipe.protocol).dataset,
        image_shape=trained.image_shape,
        origin=f"{layers} by the recipe {recipe.name}, from {start}.",
        **describe_training(recipe, folder, trunk_file(name)),
        other_seeds=dict(other_seeds or {}),
    )
    return name


def stands_on(weights: dict[str, np.ndarray], known: str) -> bool:
    """Returns whether weights, as they are stored, are those of a trunk, or a preset's trunk."""
    if known not in registry.trunks() and known not in registry.presets():
        return False
    stored = read_weights(check_file(registry.get_trunk(known)))
    return all(np.array_equal(stored[path], kept) for path, kept in as_stored(weights).items())


def trunk_file(name: str) -> Path:
    """Returns where a trunk's weights lie inside the presets folder."""
    return Path("files") / f"{name}.safetensors"


def add_trunk(
    name: str,
    weights: dict[str, np.ndarray],
    *,
    classifier: dict[str, np.ndarray] | None = None,
    dropped: Collection[str] = (),
    **facts,
) -> dict:
    """Stores a backbone's weights, by name, as a trunk; returns its entry.

    Args:
        name: of the trunk.
        weights: by their paths.
        classifier: weights of the last layer that it was trained with, kept in a file of their own.
        dropped: presets whose entries go.
        facts: what else an entry tells; see `registry.Trunk`.
    """
    file = trunk_file(name)
    write_weights(registry.FOLDER / file, weights)
    entry = {**describe_file(file), **facts, "license": LICENSE}
    if classifier is not None:
        beside = file.with_name(f"{name}_classifier.safetensors")
        write_weights(registry.FOLDER / beside, classifier)
        entry["classifier"] = describe_file(beside)
    write_entry("trunks", name, entry, dropped)
    return entry
