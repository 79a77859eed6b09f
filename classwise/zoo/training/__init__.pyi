from .recipe import Recipe as Recipe
from .recipe_files import list_recipes as list_recipes
from .recipe_files import read_recipe as read_recipe
from .training_loop import train as train
