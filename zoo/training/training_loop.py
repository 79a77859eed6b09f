"""The alternating, staged training of both class-wise methods."""

import os
import shutil
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from classwise.losses import CenterUpdate
from classwise.zoo.backbones import build_backbone
from classwise.zoo.backbones.patch_whitening import PatchWhitening
from classwise.zoo.datasets import LabelledImages
from classwise.zoo.errors import InputError
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets.load import load_backbone
from classwise.zoo.presets.registry import get_trunk
from classwise.zoo.training.cached_features import CachedFeatures
from classwise.zoo.training.distillation import (
    check_teacher,
    embeddings_file,
    load_teacher,
    student_of,
    teach,
    teacher_digest,
)
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.frozen_trunk import FrozenTrunk
from classwise.zoo.training.image_digest import image_digest
from classwise.zoo.training.input_pipeline import check_augmentation, training_batches
from classwise.zoo.training.methods import METHODS, build_loss
from classwise.zoo.training.muon import Muon
from classwise.zoo.training.precision import dtype_policy, in_float32
from classwise.zoo.training.recipe import Optimizer, Recipe
from classwise.zoo.training.run_directory import RunDirectory
from classwise.zoo.training.training_progress import TrainingProgress, features_bar

EVALUATION_BATCH = 256
WHITENING_IMAGES = 5000


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
    class centre) is kept. The same recipe on the same machine gives the same weights, however
    often it was interrupted.

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
    steps = max(len(training) // recipe.batch_size, 1)
    keras.utils.set_random_seed(recipe.seed)
    untrained, new_optimizer = new_hasher(recipe, training), build_optimizer(recipe, steps)
    teacher = load_teacher(recipe, training) if recipe.distillation else None
    images = {"training": image_digest(training), "validation": image_digest(validation)}
    with RunDirectory(directory, recipe, images) as run:
        folder = Path(features or run.path / "features")
        complete, once, taught = in_float32, {}, None
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
        saved, epochs_done = run.load_checkpoint(steps)
        if isinstance(training, CachedFeatures) and epochs_done == 0:
            once["feature_seconds"] = round(training.seconds + validation.seconds, 1)
        if taught is not None and epochs_done == 0:
            once["teacher"] = teacher_digest(recipe.distillation.teacher)
            once["teacher_seconds"] = round(seconds, 1)
        hasher = saved or untrained
        optimizer = saved.optimizer if saved else new_optimizer

        last_stage = len(recipe.stages) - 1
        end = 0
        with TrainingProgress(recipe.epochs, steps, epochs_done, verbose) as progress:
            for number, (stage, loss) in enumerate(zip(recipe.stages, losses, strict=True)):
                start, end = max(end, epochs_done), end + stage.epochs
                if start >= end:
                    continue
                hasher.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
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


def new_hasher(recipe: Recipe, training: LabelledImages) -> Hasher:
    """Builds the untrained hasher of a recipe, in its precision, on its trunk if it names one."""
    with dtype_policy(recipe.precision):
        return Hasher(
            build_trunk(recipe, training),
            code_length=recipe.code_length,
            num_classes=training.num_classes,
            normalize=METHODS[recipe.method].normalize,
            class_names=training.class_names,
            seed=recipe.seed,
            hidden_units=recipe.hidden_units,
        )


def build_trunk(recipe: Recipe, training: LabelledImages) -> keras.Model:
    """Builds a recipe's backbone, with the weights of its trunk if it names one.

    Without one, a whitening layer is computed from the training images.

    Raises:
        InputError: an unknown backbone or trunk, a trunk of another backbone, or images whose
            shape the backbone does not take.
    """
    if recipe.trunk is None:
        backbone = build_backbone(recipe.backbone, training.image_shape)
        adapt_whitening(backbone, training, recipe.seed)
        return backbone
    trunk = get_trunk(recipe.trunk)
    if trunk.backbone != recipe.backbone:
        raise InputError(
            f"The trunk {trunk.name} is a {trunk.backbone}; recipe {recipe.name} trains a "
            f"{recipe.backbone}."
        )
    return load_backbone(trunk.name, training.image_shape)


def adapt_whitening(backbone: keras.Model, training: LabelledImages, seed: int):
    """Computes the filters of a backbone's `PatchWhitening`, from some un-augmented images."""
    for layer in backbone.layers:
        if isinstance(layer, PatchWhitening):
            random = np.random.default_rng(seed)
            chosen = random.permutation(len(training))[:WHITENING_IMAGES]
            below = keras.Model(backbone.input, layer.input)
            batches = training.select(chosen).batches(EVALUATION_BATCH)
            layer.adapt(below.predict_on_batch(images.numpy()) for images, _ in batches)


def build_optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Builds a recipe's optimiser, its learning rate scheduled over all stages together."""
    settings: Optimizer = recipe.optimizer
    try:
        optimizer = Muon if settings.name == "muon" else type(keras.optimizers.get(settings.name))
    except ValueError as error:
        raise InputError(
            f"Unknown optimizer '{settings.name}'; use muon, or a Keras name such as adamw or sgd."
        ) from error
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    rate = settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=rate / 100 if warmup else rate,
            decay_steps=max(recipe.epochs * steps_per_epoch - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    return optimizer(learning_rate=rate, weight_decay=settings.weight_decay)


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
