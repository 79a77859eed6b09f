"""Batches of what frozen layers computed, for the layers above."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.training.batch_source import EVALUATION_BATCH, Verbose
from classwise.zoo.training.frozen_trunk import FrozenTrunk
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory
from classwise.zoo.training.training_progress import features_bar

if TYPE_CHECKING:
    import tensorflow as tf


class FeatureBatches:
    """Trains the layers above `frozen_until` on the cached output of those below.

    Args:
        recipe: what to train.
        hasher: of images, untrained.
        training, validation: the images.
    """

    def __init__(
        self, recipe: Recipe, hasher: Hasher, training: LabeledImages, validation: LabeledImages
    ):
        self.recipe = recipe
        self.images = training, validation
        self.trunk = FrozenTrunk(hasher.backbone, recipe.frozen_until)
        self.hasher = self.trunk.feature_hasher(hasher)
        self.facts: dict = {}

    def prepare(self, run: RunDirectory, folder: Path, verbose: Verbose) -> None:
        with features_bar(sum(map(len, self.images)), verbose) as advance:
            self.training_features, self.validation_features = self.trunk.cache_both(
                self.recipe, run.images, *self.images, folder, advance
            )
        seconds = self.training_features.seconds + self.validation_features.seconds
        self.facts = {"feature_seconds": round(seconds, 1)}

    def complete(self, trained: Hasher) -> Hasher:
        return self.trunk.complete(trained)

    def epochs(self, numbers: range) -> tf.data.Dataset:
        recipe = self.recipe
        return self.training_features.training_batches(recipe.batch_size, recipe.seed, numbers)

    def plain(self) -> tf.data.Dataset:
        return self.training_features.batches(EVALUATION_BATCH)

    def validation(self) -> tf.data.Dataset:
        return self.validation_features.batches(EVALUATION_BATCH)
