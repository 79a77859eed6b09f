"""Trains a small hasher on synthetic images into the folder given; tests run and kill this."""

import sys

import numpy as np

from classwise.zoo.datasets import LabelledImages
from classwise.zoo.training import train
from classwise.zoo.training.recipe import Augmentation, Centers, Optimizer, Recipe, Stage


def toy_images(count: int, split: str) -> LabelledImages:
    """Four classes that differ in brightness."""
    random = np.random.default_rng(len(split))
    labels = np.arange(count) % 4
    pixels = random.integers(0, 60, (count, 8, 8, 1)) + 60 * labels[:, None, None, None]
    ids = np.array([f"{split}_{i}" for i in range(count)])
    names = ("black", "dark", "grey", "white")
    return LabelledImages("toy", split, pixels.astype(np.uint8), labels, ids, names)


def toy_recipe(method: str = "dcwh", update: str = "streaming", **changes) -> Recipe:
    second = {"vertex_weight": 0.01} if method == "dcwh" else {}
    settings = {
        "name": "toy",
        "method": method,
        "protocol": "toy",
        "backbone": "resnet8",
        "code_length": 8,
        "batch_size": 16,
        "stages": (Stage(2), Stage(3, second)),
        "optimizer": Optimizer(learning_rate=0.01, weight_decay=0.01, warmup_epochs=1),
        "augmentation": Augmentation(flip=True, shift=1),
        "centers": Centers(update),
    }
    return Recipe(**{**settings, **changes})


def run(directory, verbose=0, **options):
    images = toy_images(96, "train"), toy_images(32, "validation")
    return train(toy_recipe(**options), *images, directory, tensorboard=False, verbose=verbose)


if __name__ == "__main__":
    run(sys.argv[1], verbose=2)
