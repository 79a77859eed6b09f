"""Storing of a finished training's weights among the presets."""

import dataclasses
from collections.abc import Collection
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.settings import read_json
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.presets import registry
from classwise.zoo.presets.load import head_variables, load_backbone
from classwise.zoo.presets.weight_files import (
    assign_weights,
    named_weights,
    same_weights,
    write_weights,
)
from classwise.zoo.training.recipe import Recipe, build_recipe
from tools.publish.entries import LICENSE, describe_file, describe_training, write_entry
from tools.publish.store_trunk import store_trunk


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


def open_run(folder: Path, dropped: Collection[str] | None = (), used: Collection[str] = ()) -> Run:
    """Reads a finished training and stores its trunk; arguments as in `store_trunk`."""
    recipe, trained = read_run(folder)
    trunk = store_trunk(folder, recipe, trained, dropped, used)
    stored = Hasher(load_backbone(trunk, trained.image_shape), **trained.settings)
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
    recipe = build_recipe(read_json(file), file.name)
    return recipe, load_file(folder / "hasher.keras")


def store_run(run: Run, figures: dict) -> registry.Preset:
    """Stores a run's head, class centers and log, and its entry; returns the entry.

    Args:
        run: from `open_run`.
        figures: what was measured of `run.stored`, by the names of `Preset`.
    """
    recipe, trained = run.recipe, run.trained
    protocol = get_protocol(recipe.protocol)
    file = Path("files") / f"{recipe.name}.safetensors"
    write_weights(registry.FOLDER / file, named_weights(head_variables(trained)), np.float32)
    entry = {
        "method": recipe.method,
        "backbone": recipe.backbone,
        "dataset": protocol.dataset,
        "protocol": protocol.name,
        "code_length": recipe.code_length,
        "hidden_units": recipe.hidden_units,
        "image_shape": trained.image_shape,
        "class_names": trained.class_names,
        "trunk": run.trunk,
        **describe_file(file),
        "seed": recipe.seed,
        **describe_training(recipe, run.folder, file),
        "license": LICENSE,
        **figures,
    }
    write_entry("presets", recipe.name, entry)
    return registry.get_preset(recipe.name)
