"""The alternating, staged training of both class-wise methods."""

import os
from pathlib import Path

import keras

from classwise.losses import CenterUpdate
from classwise.zoo.backbones import build_backbone
from classwise.zoo.datasets import LabelledImages
from classwise.zoo.errors import InputError
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.load import load
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.methods import METHODS, build_loss
from classwise.zoo.training.recipe import Optimizer, Recipe
from classwise.zoo.training.run_directory import EpochCheckpoint, RunDirectory

EVALUATION_BATCH = 256


def train(
    recipe: Recipe,
    training: LabelledImages,
    validation: LabelledImages,
    directory: str | os.PathLike,
    *,
    tensorboard: bool = True,
    verbose: str | int = "auto",
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
        verbose: progress bar, as in `keras.Model.fit`.

    Returns:
        The path of the finished model, `directory/hasher.keras`.

    Raises:
        InputError: a recipe that cannot be trained, a class without images, or a folder that is
            in use or holds another recipe's training.
    """
    check_classes(training)
    losses = [build_loss(recipe.method, stage.loss) for stage in recipe.stages]
    steps = max(len(training) // recipe.batch_size, 1)
    keras.utils.set_random_seed(recipe.seed)
    untrained, new_optimizer = new_hasher(recipe, training), build_optimizer(recipe, steps)
    with RunDirectory(directory, recipe) as run:
        saved, epochs_done = run.load_checkpoint(steps)
        hasher = saved or untrained
        optimizer = saved.optimizer if saved else new_optimizer

        last_stage = len(recipe.stages) - 1
        end = 0
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
                ),
            ]
            if tensorboard:
                callbacks.append(keras.callbacks.TensorBoard(str(run.path / "tensorboard")))
            hasher.fit(
                training_batches(
                    training,
                    recipe.batch_size,
                    recipe.augmentation,
                    recipe.seed,
                    range(start, end),
                ),
                shuffle=False,
                steps_per_epoch=steps,
                initial_epoch=start,
                epochs=end,
                callbacks=callbacks,
                verbose=verbose,
            )
        return run.finish()


def new_hasher(recipe: Recipe, training: LabelledImages) -> Hasher:
    """Builds the untrained hasher of a recipe, on its trunk if it names one."""
    return Hasher(
        build_trunk(recipe, training.image_shape),
        code_length=recipe.code_length,
        num_classes=training.num_classes,
        normalize=METHODS[recipe.method].normalize,
        class_names=training.class_names,
        seed=recipe.seed,
    )


def build_trunk(recipe: Recipe, image_shape: tuple[int, int, int]) -> keras.Model:
    """Builds a recipe's backbone, with the weights of its trunk if it names one.

    Raises:
        InputError: an unknown backbone or preset, or a trunk of another backbone or image shape.
    """
    backbone = build_backbone(recipe.backbone, image_shape)
    if recipe.trunk is not None:
        preset = get_preset(recipe.trunk)
        if (preset.backbone, preset.image_shape) != (recipe.backbone, tuple(image_shape)):
            raise InputError(
                f"The trunk {preset.name} is a {preset.backbone} for {preset.image_shape} images; "
                f"recipe {recipe.name} trains a {recipe.backbone} on {tuple(image_shape)}."
            )
        backbone.set_weights(load(preset.name).backbone.get_weights())
    return backbone


def build_optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """Builds a recipe's optimiser, its learning rate scheduled over all stages together."""
    settings: Optimizer = recipe.optimizer
    try:
        optimizer = type(keras.optimizers.get(settings.name))
    except ValueError as error:
        raise InputError(
            f"Unknown optimizer '{settings.name}'; use a Keras name such as adamw or sgd."
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
