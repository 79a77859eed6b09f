"""The alternating, staged training of both class-wise methods."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from classwise.losses import CenterUpdate
from classwise.zoo.datasets import LabelledImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import build_loss, get_method
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.training.cached_features import CachedFeatures
from classwise.zoo.training.distillation import (
    check_teacher,
    embeddings_file,
    load_teacher,
    student_of,
    teach,
    teacher_digest,
)
from classwise.zoo.training.environment import versions
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.frozen_trunk import FrozenTrunk
from classwise.zoo.training.image_digest import image_digest
from classwise.zoo.training.input_pipeline import check_augmentation, training_batches
from classwise.zoo.training.iterative_quantization import check_rotatable, itq_rotation, turn
from classwise.zoo.training.precision import in_float32
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory
from classwise.zoo.training.starting_point import build_optimizer, new_hasher
from classwise.zoo.training.training_progress import TrainingProgress, features_bar

EVALUATION_BATCH = 256


def train(
    recipe: Recipe,
    training: LabelledImages,
    validation: LabelledImages,
    directory: str | os.PathLike,
    *,
    tensorboard: bool = True,
    features: str | os.PathLike | None = None,
    verbose: Literal[0, 1, 2, "auto"] = "auto",
) -> Path:
    """Trains a hasher as its recipe says, or goes on with a training that was interrupted.

    For each stage, for each round: fit the network with the class centres fixed, then re-estimate
    the centres. The model of the last stage with the best validation accuracy (of the nearest
    class centre) is kept, its embedding turned by ITQ if the recipe says so. The same recipe on
    the same machine gives the same weights, however often it was interrupted.

    Args:
        recipe: what to train.
        training: images to learn from.
        validation: images to select by; disjoint from `training`, and never queries.
        directory: where the training lives; see `RunDirectory`.
        tensorboard: whether to write `directory/tensorboard`. Defaults to True.
        features: where a recipe with `frozen_until` or `distillation` caches features, the
            frozen layers' or the teacher's, for other recipes to find them; default: inside
            `directory`, removed at the end.
        verbose: what is shown on stderr: 0 nothing, 2 a line an epoch, 1 or "auto" that and a bar.

    Returns:
        The path of the finished model, `directory/hasher.keras`.

    Raises:
        InputError: a recipe that cannot be trained, a class without images, an image file that is
            damaged, or a folder that is in use or holds a training with another recipe or on other
            images.
    """
    check_classes(training)
    check_augmentation(recipe.augmentation, training.image_shape)
    losses = [build_loss(recipe.method, stage.loss) for stage in recipe.stages]
    if recipe.itq_iterations:
        check_rotatable(get_method(recipe.method).unit_length)
    steps = max(len(training) // recipe.batch_size, 1)
    keras.utils.set_random_seed(recipe.seed)
    untrained, new_optimizer = new_hasher(recipe, training), build_optimizer(recipe, steps)
    teacher = load_teacher(recipe, training) if recipe.distillation else None
    images = {"training": image_digest(training), "validation": image_digest(validation)}
    with RunDirectory(directory, recipe, images) as run:
        folder = Path(features or run.path / "features")
        complete, once, taught = in_float32, {"versions": versions()}, None
        if recipe.frozen_until is not None:
            trunk = FrozenTrunk(untrained.backbone, recipe.frozen_until)
            with features_bar(len(training) + len(validation), verbose) as advance:
                training, validation = trunk.cache_both(
                    recipe, images, training, validation, folder, advance
                )
            untrained, complete = trunk.feature_hasher(untrained), trunk.complete
        elif teacher is not None:
            check_teacher(run)
            file = embeddings_file(folder, recipe.distillation.teacher, images["training"])
            with features_bar(len(training), verbose) as advance:
                taught, seconds = teach(teacher, training, file, advance)
            untrained = student_of(teacher, untrained, recipe.distillation.weight)
        if recipe.itq_iterations:
            complete = turned_by_itq(recipe, training, complete)
        saved, epochs_done = run.load_checkpoint(steps)
        if isinstance(training, CachedFeatures) and epochs_done == 0:
            once["feature_seconds"] = round(training.seconds + validation.seconds, 1)
        if taught is not None and epochs_done == 0:
            once["teacher"] = teacher_digest(recipe.distillation.teacher)
            once["teacher_seconds"] = round(seconds, 1)
        hasher = saved or untrained
        optimizer = saved.optimizer if saved else new_optimizer
        # TensorFlow traces a step twice if variables are created in it: so the optimiser's, and
        # the metric's below, are there before.
        optimizer.build(hasher.trainable_variables)

        last_stage = len(recipe.stages) - 1
        end = 0
        with TrainingProgress(recipe.epochs, steps, epochs_done, verbose) as progress:
            for number, (stage, loss) in enumerate(zip(recipe.stages, losses, strict=True)):
                start, end = max(end, epochs_done), end + stage.epochs
                if start >= end:
                    continue
                hasher.compile(
                    optimizer=optimizer,
                    loss=loss,
                    metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
                )
                callbacks = [
                    CenterUpdate(center_images(recipe, training), every=recipe.centers.every),
                    EpochCheckpoint(
                        run,
                        validation.batches(EVALUATION_BATCH),
                        number,
                        selectable=number == last_stage,
                        once=once,
                    ),
                    progress,
                ]
                if tensorboard:
                    callbacks.append(keras.callbacks.TensorBoard(str(run.path / "tensorboard")))
                hasher.fit(
                    epoch_batches(recipe, training, range(start, end), taught),
                    shuffle=False,
                    steps_per_epoch=steps,
                    initial_epoch=start,
                    epochs=end,
                    callbacks=callbacks,
                    verbose=0,
                )
        finished = run.finish(complete)
        shutil.rmtree(run.path / "features", ignore_errors=True)
        return finished


def epoch_batches(
    recipe: Recipe,
    training: LabelledImages | CachedFeatures,
    epochs: range,
    taught: np.ndarray | None = None,
):
    """Returns the training batches of some epochs, one after the other."""
    if isinstance(training, CachedFeatures):
        return training.training_batches(recipe.batch_size, recipe.seed, epochs)
    return training_batches(
        training, recipe.batch_size, recipe.augmentation, recipe.seed, epochs, taught
    )


def turned_by_itq(
    recipe: Recipe, training: LabelledImages | CachedFeatures, complete: Callable[[Hasher], Hasher]
) -> Callable[[Hasher], Hasher]:
    """Returns what turns a trained hasher's embedding and completes it then."""

    def turn_and_complete(trained: Hasher) -> Hasher:
        embeddings = trained.predict(training.batches(EVALUATION_BATCH), verbose=0)
        turn(trained, itq_rotation(embeddings, recipe.itq_iterations, recipe.seed))
        return complete(trained)

    return turn_and_complete


def center_images(recipe: Recipe, training: LabelledImages):
    """Returns the un-augmented batches that exact centres are estimated from, else None."""
    exact = recipe.centers.update == "exact"
    return training.batches(EVALUATION_BATCH) if exact else None


def check_classes(training: LabelledImages):
    """Raises `InputError` if a class has no training image."""
    present = set(training.labels.tolist())
    missing = [name for i, name in enumerate(training.class_names) if i not in present]
    if missing:
        raise InputError(
            f"Class '{missing[0]}' has no training image ({len(missing)} of "
            f"{training.num_classes} classes have none); add images or remove the class."
        )
