"""Training: recipes, and the loop that follows them."""

from importlib import import_module

# Loaded on first use: the command line reads a recipe, and says what is wrong with it, without
# TensorFlow.
_LOCATIONS = {
    "Recipe": "classwise.zoo.training.recipe",
    "list_recipes": "classwise.zoo.training.recipe_files",
    "read_recipe": "classwise.zoo.training.recipe_files",
    "train": "classwise.zoo.training.training_loop",
}

__all__ = sorted(_LOCATIONS)


def __getattr__(name):
    if name not in _LOCATIONS:
        raise AttributeError(f"module 'classwise.zoo.training' has no attribute '{name}'")
    return getattr(import_module(_LOCATIONS[name]), name)


def __dir__():
    return __all__
