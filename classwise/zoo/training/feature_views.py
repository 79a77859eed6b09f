"""What is done to images before the features of frozen layers are computed."""

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from classwise.zoo.training.input_pipeline import augment_batch
from classwise.zoo.training.recipe import Recipe

#: What is done to a batch of pixels `[b, H, W, C]`, given which images they are, `[b]`.
View = Callable[[np.ndarray, np.ndarray], np.ndarray]


def plain(pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Leaves images as they are."""
    return pixels


def mirrored(pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Mirrors every image left to right."""
    return pixels[:, :, ::-1]


def training_views(recipe: Recipe) -> list[View]:
    """Returns the views whose features a recipe caches, the plain images first.

    With `cached_views` all further ones are augmented, each view as if it were an epoch of its
    own; without, the mirrored images join the plain ones where the recipe flips.
    """
    if recipe.cached_views is None:
        return [plain, mirrored] if recipe.augmentation.flip else [plain]

    def augmented(view, pixels, indices):
        epoch = tf.constant(view, tf.int64)
        return augment_batch(pixels, indices, recipe.augmentation, recipe.seed, epoch).numpy()

    further = range(1, recipe.cached_views)
    return [plain, *(functools.partial(augmented, view) for view in further)]
