"""Training: recipes, and the loop that follows them."""

from classwise.zoo.training.recipe import Recipe, list_recipes, read_recipe
from classwise.zoo.training.training_loop import train

__all__ = ["Recipe", "list_recipes", "read_recipe", "train"]
