"""What recipes cost that nobody here ran, most for want of images: reckoned from measured steps."""

from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS
from classwise.zoo.datasets.protocol_digests import stored_digests
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.datasets.split_rules import FirstClasses, LeaveOneOut
from classwise.zoo.training.learning_images import VALIDATION_SHARE
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.recipe_files import read_recipe


def is_reckoned(recipe: Recipe) -> bool:
    """Whether nobody here ran a recipe: of listed images, or of classes that judge unseen ones."""
    if recipe.protocol in LIST_PROTOCOLS:
        return True
    protocol = PROTOCOLS.get(recipe.protocol)
    if protocol is None:
        return False
    return bool(protocol.published) or isinstance(protocol.rule, FirstClasses | LeaveOneOut)


def images_learned(recipe: Recipe) -> float:
    """Returns how many images a recipe of `is_reckoned` learns from, validation images apart."""
    if recipe.protocol in LIST_PROTOCOLS:
        return LIST_PROTOCOLS[recipe.protocol].images["training"] * (1 - VALIDATION_SHARE)
    published = PROTOCOLS[recipe.protocol].published
    if published:
        return published["learning"]  # a few of each class validate
    return stored_digests()[recipe.protocol]["training"]["images"]


def reckoned_minutes(recipe: Recipe, measured: dict) -> tuple[float, str]:
    """Returns the minutes of the epochs that train everything, and whose steps they come from.

    The time of a step is taken to grow with its pixels, and to be the same for all code lengths.

    Args:
        recipe: one of `is_reckoned`.
        measured: what `bench/recipe_minutes.py` wrote.

    Raises:
        ValueError: no recipe with the same backbone was measured.
    """
    alike = [
        known
        for known in map(read_recipe, sorted(measured["recipes"]))
        if known.backbone == recipe.backbone and known.image_shape is not None
    ]
    if not alike:
        raise ValueError(f"No steps of {recipe.backbone} were measured: bench/recipe_minutes.py")
    known = alike[0]
    images = images_learned(recipe)
    epochs = recipe.epochs - recipe.frozen_epochs
    sides = recipe.image_shape[0] * recipe.image_shape[1]
    larger = sides / (known.image_shape[0] * known.image_shape[1])
    step = measured["recipes"][known.name]["seconds_a_step"]
    return step / known.batch_size * larger * images * epochs / 60, known.name


def reckoned_texts(recipe: Recipe, measured: dict) -> tuple[tuple[str, str], tuple[str, str]]:
    """Returns what the header of a recipe of `is_reckoned` says of cost and result."""
    thawed = recipe.epochs - recipe.frozen_epochs
    if thawed:
        minutes, name = reckoned_minutes(recipe, measured)
        cost = (
            f"about {minutes:,.0f} minutes on {measured['machine']['cores']} cores with "
            f"{measured['backend']} for the {thawed} epochs that train everything, reckoned from "
            f"steps of {name} by the number of pixels; not run here"
        )
    else:
        cost = (
            f"the features of {images_learned(recipe):,.0f} images once, then {recipe.epochs} "
            "epochs of the hash layer alone; not run here"
        )
    return ("Cost", cost), ("Result", reckoned_result(recipe))


def reckoned_result(recipe: Recipe) -> str:
    """Returns why a header has no figure, and what measures something related."""
    protocol = PROTOCOLS.get(recipe.protocol)
    if protocol is None or protocol.published:
        return "not measured here, where the images are not at hand"
    return "not measured here; bench/studies/unseen_classes.py trains hash layers on features"
