"""Where the batches of a training come from: images, features of frozen layers, or a teacher."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.precision import in_float32
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory

if TYPE_CHECKING:
    import tensorflow as tf

EVALUATION_BATCH = 256
Verbose = Literal[0, 1, 2, "auto"]


class BatchSource(Protocol):
    """What a training reads, and the hasher that takes what it reads.

    Attributes:
        hasher: untrained, or as the training so far left it.
        facts: what the log of a first epoch tells of the source.
    """

    hasher: Hasher
    facts: dict

    def prepare(self, run: RunDirectory, folder: Path, verbose: Verbose) -> None:
        """Computes what has to be known of all images, or finds it in a folder."""

    def epochs(self, numbers: range) -> tf.data.Dataset:
        """Returns the training batches of some epochs, one after the other."""

    def plain(self) -> tf.data.Dataset:
        """Returns the un-augmented training batches, in their own order."""

    def validation(self) -> tf.data.Dataset:
        """Returns the batches to select the best epoch by."""

    def complete(self, trained: Hasher) -> Hasher:
        """Returns a hasher of images, in float32 and without optimizer, of a trained one."""


class ImageBatches:
    """Trains a whole hasher on augmented images.

    Args:
        recipe: what to train.
        hasher: takes the images.
        training, validation: the images.
    """

    def __init__(
        self, recipe: Recipe, hasher: Hasher, training: LabeledImages, validation: LabeledImages
    ):
        self.recipe = recipe
        self.hasher = hasher
        self.training_images = training
        self.validation_images = validation
        self.facts: dict = {}

    def prepare(self, run: RunDirectory, folder: Path, verbose: Verbose) -> None:
        pass

    def epochs(self, numbers: range, taught=None) -> tf.data.Dataset:
        recipe = self.recipe
        return training_batches(
            self.training_images,
            recipe.batch_size,
            recipe.augmentation,
            recipe.seed,
            numbers,
            taught,
        )

    def plain(self) -> tf.data.Dataset:
        return self.training_images.batches(EVALUATION_BATCH)

    def validation(self) -> tf.data.Dataset:
        return self.validation_images.batches(EVALUATION_BATCH)

    def complete(self, trained: Hasher) -> Hasher:
        return in_float32(trained)
