"""Batches of images with a teacher's embeddings beside the labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.training.batch_source import ImageBatches, Verbose
from classwise.zoo.training.distillation import (
    check_teacher,
    embeddings_file,
    load_teacher,
    student_of,
    teach,
    teacher_digest,
)
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory
from classwise.zoo.training.training_progress import features_bar

if TYPE_CHECKING:
    import tensorflow as tf


class TaughtBatches(ImageBatches):
    """Trains a student of a teacher on augmented images and the teacher's embeddings of them.

    Args:
        recipe: what to train, with `distillation`.
        hasher: untrained, its backbone the student's.
        training, validation: the images.

    Raises:
        InputError: no such teacher, or one that does not fit.
    """

    def __init__(
        self, recipe: Recipe, hasher: Hasher, training: LabeledImages, validation: LabeledImages
    ):
        self.teacher = load_teacher(recipe, training)
        student = student_of(self.teacher, hasher, recipe.distillation.weight)
        super().__init__(recipe, student, training, validation)

    def prepare(self, run: RunDirectory, folder: Path, verbose: Verbose) -> None:
        check_teacher(run)
        name = self.recipe.distillation.teacher
        file = embeddings_file(folder, name, run.images["training"])
        with features_bar(len(self.training_images), verbose) as advance:
            self.taught, seconds = teach(self.teacher, self.training_images, file, advance)
        self.facts = {"teacher": teacher_digest(name), "teacher_seconds": round(seconds, 1)}

    def epochs(self, numbers: range) -> tf.data.Dataset:
        return super().epochs(numbers, self.taught)
