"""What a training starts from: an untrained hasher, on a trunk or not, and an optimizer."""

import keras
import numpy as np

from classwise.zoo.backbones import build_backbone
from classwise.zoo.backbones.patch_whitening import PatchWhitening
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import get_method
from classwise.zoo.models.hasher import Hasher
from classwise.zoo.models.muon import Muon
from classwise.zoo.presets.load import load_backbone
from classwise.zoo.presets.registry import get_trunk
from classwise.zoo.training.precision import dtype_policy
from classwise.zoo.training.recipe import Optimizer, Recipe

WHITENING_IMAGES, WHITENING_BATCH = 5000, 256


def new_hasher(recipe: Recipe, training: LabeledImages) -> Hasher:
    """Builds the untrained hasher of a recipe, in its precision, on its trunk if it names one."""
    method = get_method(recipe.method)
    with dtype_policy(recipe.precision):
        return Hasher(
            build_trunk(recipe, training),
            code_length=recipe.code_length,
            num_classes=training.num_classes,
            normalize=method.unit_length,
            class_names=training.class_names,
            seed=recipe.seed,
            hidden_units=recipe.hidden_units,
            batch_norm=recipe.batch_norm,
            initial_centers=method.initial_centers,
        )


def build_trunk(recipe: Recipe, training: LabeledImages) -> keras.Model:
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


def adapt_whitening(backbone: keras.Model, training: LabeledImages, seed: int):
    """Computes the filters of a backbone's `PatchWhitening`, from some un-augmented images."""
    for layer in backbone.layers:
        if isinstance(layer, PatchWhitening):
            random = np.random.default_rng(seed)
            chosen = random.permutation(len(training))[:WHITENING_IMAGES]
            below = keras.Model(backbone.input, layer.input)
            batches = training.select(chosen).batches(WHITENING_BATCH)
            layer.adapt(below.predict_on_batch(images.numpy()) for images, _ in batches)


def build_optimizer(
    recipe: Recipe, steps_per_epoch: int, thawed: bool = False
) -> keras.optimizers.Optimizer:
    """Builds a recipe's optimizer, its learning rate scheduled over its stages together.

    Args:
        recipe: what to train.
        steps_per_epoch: batches an epoch.
        thawed: whether it is the one of the stages that train what was frozen before.
    """
    settings: Optimizer = recipe.optimizer
    try:
        optimizer = Muon if settings.name == "muon" else type(keras.optimizers.get(settings.name))
    except ValueError as error:
        raise InputError(
            f"Unknown optimizer '{settings.name}'; use muon, or a Keras name such as adamw or sgd."
        ) from error
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    epochs = recipe.epochs - recipe.frozen_epochs if thawed else recipe.frozen_epochs
    rate = settings.thawed_learning_rate if thawed else settings.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=rate / 100 if warmup else rate,
            decay_steps=max(epochs * steps_per_epoch - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    return optimizer(learning_rate=rate, weight_decay=settings.weight_decay)
