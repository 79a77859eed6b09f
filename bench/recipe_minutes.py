"""Measures how long recipes train, and writes bench/results/recipe_minutes.json.

    python bench/recipe_minutes.py [RECIPE ...] [--steps 20]

Some steps of every recipe that trains a whole network run on PyTorch, on made-up images of its
size, with its augmentation; the minutes are those steps' times all its steps. Reading the images,
center updates on images of their own, a teacher's pass over the images and validation come on top.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

from classwise.losses import CenterUpdate
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.protocol_digests import recorded_digests
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import build_loss
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.recipe_files import list_recipes, read_recipe
from classwise.zoo.training.starting_point import build_optimizer, new_hasher

WARM_UP = 5
# What must be trained within an hour on two cores; the other recipes take what they take.
TARGET_MINUTES = {"dcwh_resnet9_fashion_mnist_trunk": 60}
RESULTS = Path(__file__).parent / "results" / "recipe_minutes.json"


class StepTimes(keras.callbacks.Callback):
    """When each step ended."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())


def minutes(recipe: Recipe, steps: int) -> dict:
    """Returns the seconds of a step, and what they come to over all epochs."""
    known = get_data_set(get_protocol(recipe.protocol).dataset)
    of_epoch = recorded_digests(recipe.protocol)["training"]["images"] // recipe.batch_size
    random = np.random.default_rng(0)
    count = (steps + WARM_UP) * recipe.batch_size
    shape = recipe.image_shape or known.image_shape
    images = LabeledImages(
        recipe.protocol,
        "train",
        random.integers(0, 256, (count, *shape), np.uint8),
        np.arange(count) % known.num_classes,
        np.arange(count).astype(str),
        tuple(map(str, range(known.num_classes))),
    )
    hasher = new_hasher(recipe, images)
    loss = build_loss(recipe.method, recipe.stages[-1].loss)
    hasher.compile(optimizer=build_optimizer(recipe, of_epoch), loss=loss, metrics=["accuracy"])
    times = StepTimes()
    batches = training_batches(
        images, recipe.batch_size, recipe.augmentation, recipe.seed, range(1)
    )
    hasher.fit(batches, shuffle=False, callbacks=[CenterUpdate(), times], verbose=0)
    step = (times.ends[-1] - times.ends[WARM_UP - 1]) / steps
    return {
        "seconds_a_step": round(step, 4),
        "steps_an_epoch": of_epoch,
        "epochs": recipe.epochs,
        "minutes": round(step * of_epoch * recipe.epochs / 60, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    recipes = [read_recipe(name) for name in options.recipes or list_recipes()]
    recipes = [recipe for recipe in recipes if recipe.frozen_until is None]
    result = {
        "backend": keras.backend.backend(),
        "machine": {"cores": os.cpu_count(), "processor": platform.machine()},
        "steps": options.steps,
        "recipes": {},
        "target_minutes": TARGET_MINUTES,
    }
    if options.recipes and options.output.exists():
        found = json.loads(options.output.read_text())
        if all(found[key] == result[key] for key in ("backend", "machine", "steps")):
            bundled = list_recipes()
            result["recipes"] = {  # the others stay
                name: kept for name, kept in found["recipes"].items() if name in bundled
            }
    result["recipes"] |= {recipe.name: minutes(recipe, options.steps) for recipe in recipes}
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
