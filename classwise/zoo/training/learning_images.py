"""The images that a recipe learns from and is selected by."""

from pathlib import Path

import numpy as np

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.image_classes import read_class_names
from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.listed_images import ListedImages, open_lists
from classwise.zoo.datasets.listed_protocols import ANY_LISTS, get_list_protocol, is_of_lists
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.recipe_tables import Lists

FOLDER_PROTOCOL = "folder"
VALIDATION_SHARE = 0.1


def learning_images(
    recipe: Recipe,
    data_dir: Path | None = None,
    folder: Path | None = None,
    skip_bad_files: bool = False,
    listed: ListedImages | None = None,
) -> tuple[LabeledImages, LabeledImages]:
    """Returns training and validation images of a recipe.

    A protocol says which they are. From a folder or a list, a tenth of every class validates; of
    images with several labels, a tenth.

    Args:
        recipe: the training.
        data_dir: where TFDS keeps its data; default: its own.
        folder: image folder, for a recipe whose protocol is `"folder"`.
        skip_bad_files: leave unreadable files of the folder out.
        listed: from `open_learning_lists`, for a recipe of lists. Defaults to opening those that
            the recipe names.

    Raises:
        InputError: an unknown protocol, data that is not there, a folder where none is needed or
            none where one is, fewer than two classes, or a class with fewer than two images.
    """
    check_source(recipe, folder)
    if is_of_lists(recipe.protocol):
        listed = listed or open_learning_lists(recipe)
        images = listed.sources["training"].load(tuple(recipe.image_shape))
        return carve_validation(images, recipe.seed)
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


def open_learning_lists(recipe: Recipe, lists: Lists | None = None) -> ListedImages:
    """Opens the lists of a recipe of lists, checked before anything heavy is loaded.

    Args:
        recipe: the training.
        lists: in place of the recipe's own.

    Raises:
        InputError: no lists, or what `open_lists` refuses.
    """
    lists = lists or recipe.lists
    if lists is None:
        raise InputError(
            f"Recipe {recipe.name} learns from lists of images; name the training list (--lists "
            "FILE, with --root DIR), or give the recipe a [lists] table."
        )
    return open_lists(
        lists.files(),
        lists.root,
        class_names=None if lists.class_names is None else read_class_names(lists.class_names),
        protocol=None if recipe.protocol == ANY_LISTS else get_list_protocol(recipe.protocol),
        loaded=("training",),
    )


def carve_validation(images: LabeledImages, seed: int) -> tuple[LabeledImages, LabeledImages]:
    """Splits a tenth of every class, at least one image, off for validation.

    Of images with several labels it is a tenth of all.
    """
    random = np.random.default_rng(seed)
    validating = np.zeros(len(images), bool)
    if images.known_labels.ndim == 2:
        if len(images) < 2:
            raise InputError("There is 1 image; training needs 2 or more, one of which validates.")
        count = max(round(len(images) * VALIDATION_SHARE), 1)
        validating[random.permutation(len(images))[:count]] = True
        return images.select(~validating), images.select(validating)
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
