"""The images that a recipe learns from and is selected by."""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.training.recipe import Recipe

FOLDER_PROTOCOL = "folder"
VALIDATION_SHARE = 0.1


def learning_images(
    recipe: Recipe,
    data_dir: Path | None = None,
    folder: Path | None = None,
    skip_bad_files: bool = False,
) -> tuple[LabeledImages, LabeledImages]:
    """Returns training and validation images of a recipe.

    A protocol says which they are. From a folder, a tenth of every class validates.

    Args:
        recipe: the training.
        data_dir: where TFDS keeps its data; default: its own.
        folder: image folder, for a recipe whose protocol is `"folder"`.
        skip_bad_files: leave unreadable files of the folder out.

    Raises:
        InputError: an unknown protocol, data that is not there, a folder where none is needed or
            none where one is, fewer than two classes, or a class with fewer than two images.
    """
    check_source(recipe, folder)
    if folder is None:
        split = get_protocol(recipe.protocol).load(data_dir)
        if not len(split.positions["training"]):
            raise InputError(
                f"The protocol {recipe.protocol} of recipe {recipe.name} has no images to learn "
                "from: it judges only; train on another one, then evaluate under this."
            )
        if recipe.image_shape is None:
            return split.training, split.validation
        return resize(split.training, recipe.image_shape), resize(
            split.validation, recipe.image_shape
        )
    images = load_folder(
        folder, tuple(recipe.image_shape), labeled=True, skip_bad_files=skip_bad_files
    )
    if images.num_classes < 2:
        raise InputError(
            f"'{folder}' has one sub-folder, {images.class_names[0]}; give it one for each of two "
            "or more classes."
        )
    return carve_validation(images, recipe.seed)


def check_source(recipe: Recipe, folder: Path | None) -> None:
    """Raises `InputError` unless a recipe for a folder, and only such a one, has its folder."""
    if (recipe.protocol == FOLDER_PROTOCOL) != (folder is not None):
        raise InputError(
            f"Recipe {recipe.name} has protocol '{recipe.protocol}'; an image folder (--images) "
            f"goes with protocol '{FOLDER_PROTOCOL}', and only with it."
        )
    if folder is not None and not Path(folder).is_dir():
        raise InputError(f"'{folder}' is not a folder; name a folder of images.")


def carve_validation(images: LabeledImages, seed: int) -> tuple[LabeledImages, LabeledImages]:
    """Splits a tenth of every class, at least one image, off for validation."""
    random = np.random.default_rng(seed)
    validating = np.zeros(len(images), bool)
    for label, name in enumerate(images.class_names):
        members = np.flatnonzero(images.labels == label)
        if len(members) < 2:
            raise InputError(
                f"Class '{name}' has {len(members)} image(s); training needs 2 or more, one of "
                "which validates."
            )
        count = max(round(len(members) * VALIDATION_SHARE), 1)
        validating[random.permutation(members)[:count]] = True
    return images.select(~validating), images.select(validating)
