"""The alternating, staged training of both class-wise methods."""

import os
import shutil
from pathlib import Path
from typing import Literal

import keras

from classwise.losses import CenterUpdate
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import build_loss
from classwise.zoo.models.any_label_accuracy import AnyLabelAccuracy
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.training.batch_source import BatchSource, ImageBatches
from classwise.zoo.training.environment import versions
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.feature_batches import FeatureBatches
from classwise.zoo.training.image_digest import image_digest
from classwise.zoo.training.input_pipeline import check_augmentation
from classwise.zoo.training.iterative_quantization import turn
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import RunDirectory
from classwise.zoo.training.starting_point import build_optimizer, new_hasher
from classwise.zoo.training.taught_batches import TaughtBatches
from classwise.zoo.training.training_progress import TrainingProgress


def train(
    recipe: Recipe,
    training: LabeledImages,
    validation: LabeledImages,
    directory: str | os.PathLike,
    *,
    tensorboard: bool = True,
    features: str | os.PathLike | None = None,
    verbose: Literal[0, 1, 2, "auto"] = "auto",
) -> Path:
    """Trains a hasher as its recipe says, or goes on with a training that was interrupted.

    For each stage, for each round: fit the network with the class centers fixed, then re-estimate
    the centers. The model of the last stage with the best validation accuracy (of the nearest
    class center) is kept, its embedding turned by ITQ if the recipe says so. The same recipe on
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
    with RunDirectory(directory, recipe) as run:
        return train_in(
            run, training, validation, tensorboard=tensorboard, features=features, verbose=verbose
        )


def train_in(
    run: RunDirectory,
    training: LabeledImages,
    validation: LabeledImages,
    *,
    tensorboard: bool = True,
    features: str | os.PathLike | None = None,
    verbose: Literal[0, 1, 2, "auto"] = "auto",
) -> Path:
    """Trains as `train` does, in a folder that is open."""
    recipe = run.recipe
    check_classes(training)
    check_augmentation(recipe.augmentation, training.image_shape)
    losses = [build_loss(recipe.method, stage.loss) for stage in recipe.stages]
    steps = max(len(training) // recipe.batch_size, 1)
    keras.utils.set_random_seed(recipe.seed)
    source = first_source(recipe, new_hasher(recipe, training), training, validation)
    hasher, optimizer = source.hasher, build_optimizer(recipe, steps)
    run.begin({"training": image_digest(training), "validation": image_digest(validation)})
    saved, epochs_done = run.load_checkpoint(steps)
    goes_on_at = recipe.thaws_at if saved and thawed(saved, recipe) else 0
    if goes_on_at == 0:
        source.prepare(run, Path(features or run.path / "features"), verbose)
    once = {"versions": versions(), **({} if saved else source.facts)}

    with TrainingProgress(recipe.epochs, steps, epochs_done, verbose) as progress:
        for number, loss in enumerate(losses):
            if number == recipe.thaws_at:  # what was trained on features goes on, on images
                source = ImageBatches(recipe, source.complete(hasher), training, validation)
                hasher, optimizer = source.hasher, build_optimizer(recipe, steps, thawed=True)
            if saved and number == goes_on_at:
                hasher, optimizer = saved, saved.optimizer
            rounds = recipe.rounds(number)
            left = range(max(rounds.start, epochs_done), rounds.stop)
            if not left:
                continue
            if number == recipe.turned_before and left == rounds:
                turn_by_itq(hasher, source, recipe)
            # TensorFlow traces a step twice if variables are created in it: so the optimizer's,
            # and the metric's, are there before.
            if not optimizer.built:
                optimizer.build(hasher.trainable_variables)
            hasher.compile(optimizer=optimizer, loss=loss, metrics=[accuracy_of(training)])
            exact = recipe.centers.update == "exact"
            selectable = number == len(losses) - 1
            callbacks = [
                CenterUpdate(source.plain() if exact else None, every=recipe.centers.every),
                EpochCheckpoint(run, source.validation(), number, selectable, once),
                progress,
            ]
            if tensorboard:
                callbacks.append(keras.callbacks.TensorBoard(str(run.path / "tensorboard")))
            hasher.fit(
                source.epochs(left),
                shuffle=False,
                steps_per_epoch=steps,
                initial_epoch=left.start,
                epochs=left.stop,
                callbacks=callbacks,
                verbose=0,
            )

    def finished(best: Hasher) -> Hasher:
        if recipe.turned_before == len(losses):
            turn_by_itq(best, source, recipe)
        return source.complete(best)

    model = run.finish(finished)
    shutil.rmtree(run.path / "features", ignore_errors=True)
    return model


def first_source(
    recipe: Recipe, untrained: Hasher, training: LabeledImages, validation: LabeledImages
) -> BatchSource:
    """Returns what the first stages of a recipe learn from."""
    if recipe.frozen_until is not None:
        return FeatureBatches(recipe, untrained, training, validation)
    if recipe.distillation is not None:
        return TaughtBatches(recipe, untrained, training, validation)
    return ImageBatches(recipe, untrained, training, validation)


def thawed(saved: Hasher, recipe: Recipe) -> bool:
    """Returns whether a checkpoint is of the stages that train what was frozen before."""
    return recipe.thaws_at is not None and not isinstance(saved, FeatureHasher)


def turn_by_itq(hasher: Hasher, source: BatchSource, recipe: Recipe) -> None:
    """Turns the embedding of a hasher for its signs' sake."""
    embeddings = hasher.predict(source.plain(), verbose=0)
    seed = recipe.seed if hasher.normalize else None
    turn(hasher, embeddings, recipe.itq_iterations, seed)


def accuracy_of(training: LabeledImages) -> keras.metrics.Metric:
    """Returns what scores the nearest class center, for one label an image or several."""
    if training.known_labels.ndim == 2:
        return AnyLabelAccuracy("accuracy")
    return keras.metrics.SparseCategoricalAccuracy("accuracy")


def check_classes(training: LabeledImages):
    """Raises `InputError` if a class has no training image.

    Of several labels an image, some may be rare enough to occur in no training image.
    """
    if training.known_labels.ndim == 2:
        return
    present = set(training.known_labels.tolist())
    missing = [name for i, name in enumerate(training.class_names) if i not in present]
    if missing:
        raise InputError(
            f"Class '{missing[0]}' has no training image ({len(missing)} of "
            f"{training.num_classes} classes have none); add images or remove the class."
        )
