"""What recipes of listed images cost, which nobody here could run: reckoned from measured steps."""

from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS
from classwise.zoo.training.learning_images import VALIDATION_SHARE
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.recipe_files import read_recipe


def reckoned_minutes(recipe: Recipe, measured: dict) -> tuple[float, str]:
    """Returns the minutes of the epochs that train everything, and whose steps they come from.

    The time of a step is taken to grow with its pixels, and to be the same for all code lengths.

    Args:
        recipe: of a protocol of `LIST_PROTOCOLS`.
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
    images = LIST_PROTOCOLS[recipe.protocol].images["training"] * (1 - VALIDATION_SHARE)
    epochs = recipe.epochs - recipe.frozen_epochs
    sides = recipe.image_shape[0] * recipe.image_shape[1]
    larger = sides / (known.image_shape[0] * known.image_shape[1])
    step = measured["recipes"][known.name]["seconds_a_step"]
    return step / known.batch_size * larger * images * epochs / 60, known.name


def reckoned_texts(recipe: Recipe, measured: dict) -> tuple[tuple[str, str], tuple[str, str]]:
    """Returns what the header of a recipe of listed images says of cost and result."""
    minutes, name = reckoned_minutes(recipe, measured)
    cost = (
        f"about {minutes:.0f} minutes on {measured['machine']['cores']} cores with "
        f"{measured['backend']} for the {recipe.epochs - recipe.frozen_epochs} epochs that train "
        f"everything, reckoned from steps of {name} by the number of pixels; not run here"
    )
    return ("Cost", cost), ("Result", "not measured here, where the images are not at hand")
