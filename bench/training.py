"""Measures what class-wise training costs beside softmax, and writes bench/results/training.json.

    python bench/training.py [OUTPUT] [--rounds 5] [--steps 40]

One round trains the same ResNet-20 for the same steps on the same images with softmax
cross-entropy and every method in turn, methods with streaming center updates; the ratios are
taken within a round, and their median is reported.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path

import keras
import numpy as np

from classwise.losses import CenterUpdate
from classwise.zoo import Hasher, resnet
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import METHODS, build_loss

IMAGE_SHAPE, CLASSES, CODE_LENGTH, BATCH_SIZE = (28, 28, 1), 10, 48, 128
TARGET = 1.05
SETTINGS = {"dcwh": {"vertex_weight": 0.01}}  # the dearest form of the loss


def softmax_classifier() -> keras.Model:
    """The same backbone and hash layer, with a softmax classifier on top."""
    backbone = resnet(20, IMAGE_SHAPE)
    embedding = keras.layers.Dense(CODE_LENGTH)(backbone.output)
    model = keras.Model(backbone.input, keras.layers.Dense(CLASSES)(embedding))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adamw", loss=loss, metrics=["accuracy"])
    return model


def hasher(loss) -> Hasher:
    """The hasher that a recipe trains."""
    backbone = resnet(20, IMAGE_SHAPE)
    model = Hasher(backbone, CODE_LENGTH, CLASSES, normalize=loss.normalize)
    model.compile(optimizer="adamw", loss=loss, metrics=["accuracy"])
    return model


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = Path(__file__).parent / "results" / "training.json"
    parser.add_argument("output", nargs="?", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40)
    options = parser.parse_args()

    random = np.random.default_rng(0)
    count = options.steps * BATCH_SIZE
    images = random.integers(0, 256, (count, *IMAGE_SHAPE)).astype(np.uint8)
    labels = random.integers(0, CLASSES, count)
    contenders = {
        "softmax": (softmax_classifier(), []),
        **{
            name: (hasher(build_loss(name, SETTINGS.get(name, {}))), [CenterUpdate()])
            for name in METHODS
        },
    }

    def epoch(name: str, part: slice = slice(None)) -> float:
        model, callbacks = contenders[name]
        start = time.perf_counter()
        model.fit(images[part], labels[part], batch_size=BATCH_SIZE, callbacks=callbacks, verbose=0)
        return time.perf_counter() - start

    for name in contenders:
        epoch(name, slice(0, BATCH_SIZE))  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name in contenders:
            seconds[name].append(epoch(name))
    result = {
        "backend": keras.backend.backend(),
        "machine": platform.machine(),
        "rounds": options.rounds,
        "steps": options.steps,
        "batch_size": BATCH_SIZE,
        "images_per_second": {
            name: round(count / statistics.median(times), 1) for name, times in seconds.items()
        },
        "ratio_to_softmax": {
            name: round(
                statistics.median(
                    own / base for own, base in zip(seconds[name], seconds["softmax"], strict=True)
                ),
                4,
            )
            for name in METHODS
        },
        "target": TARGET,
    }
    with replacing_file(options.output) as temporary:
        temporary.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
