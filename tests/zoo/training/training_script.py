"""Trains a small hasher on synthetic images into the folder given; tests run and kill this.

    python training_script.py FOLDER [batch | checkpoint] [NUMBER]

kills itself, as `kill -9` does, after that batch or while it writes that checkpoint, counted from
the start of the process.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

import numpy as np

from classwise.zoo import Hasher
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.training import train
from classwise.zoo.training.epoch_checkpoint import EpochCheckpoint
from classwise.zoo.training.recipe import Augmentation, Centers, Optimizer, Recipe, Stage


def toy_images(count: int, split: str, side: int = 8) -> LabeledImages:
    """Four classes that differ in brightness."""
    random = np.random.default_rng(len(split))
    labels = np.arange(count) % 4
    pixels = random.integers(0, 60, (count, side, side, 1)) + 60 * labels[:, None, None, None]
    ids = np.array([f"{split}_{i}" for i in range(count)])
    names = ("black", "dark", "gray", "white")
    return LabeledImages("toy", split, pixels.astype(np.uint8), labels, ids, names)


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


def run(directory, images=None, features=None, verbose=0, **options):
    """Trains five epochs of six batches."""
    images = images or (toy_images(96, "train"), toy_images(32, "validation"))
    settings = {"tensorboard": False, "features": features, "verbose": verbose}
    return train(toy_recipe(**options), *images, directory, **settings)


def kill_after_batch(number: int):
    batches = itertools.count(1)

    def on_train_batch_end(self, batch, logs=None):
        if next(batches) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    EpochCheckpoint.on_train_batch_end = on_train_batch_end


def kill_in_checkpoint(number: int):
    checkpoints = itertools.count(1)
    whole_save = Hasher.save

    def save(self, path):
        whole_save(self, path)
        if Path(path).name.startswith(".checkpoint") and next(checkpoints) == number:
            os.truncate(path, 1000)
            os.kill(os.getpid(), signal.SIGKILL)

    Hasher.save = save


if __name__ == "__main__":
    directory, moment, number = sys.argv[1:]
    {"batch": kill_after_batch, "checkpoint": kill_in_checkpoint}[moment](int(number))
    run(directory)
