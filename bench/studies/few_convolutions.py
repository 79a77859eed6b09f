"""Trains nets of two, three and four convolutions on CIFAR-10 with vMF, DCWH and softmax.

    KERAS_BACKEND=torch python bench/studies/few_convolutions.py [--epochs 10]

The vMF paper's claim: a net with few convolutional layers classifies better with this loss than
with softmax. Every net is trained for the same epochs on the same batches of the 50,000 training
images, with one optimizer for all losses, nothing chosen on test images; the accuracy is that of
the nearest class center, or of the largest softmax output, on the 10,000 test images. Centers are
re-estimated half-way and at the end (docs/TRAINING.md, "From random weights"). Finished nets are
kept in bench/studies/results/few_convolutions.json, and are not trained again.
"""

import argparse
import json
import time
from pathlib import Path

import keras
from keras import layers

from classwise.losses import CenterUpdate, DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher
from classwise.zoo.datasets.splits import load_split
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.recipe import Augmentation

RESULTS = Path(__file__).parent / "results" / "few_convolutions.json"
WIDTH, EMBEDDING, CLASSES, BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY = 16, 64, 10, 128, 2e-3, 0.02
AUGMENTATION = Augmentation(flip=True, shift=2)
LOSSES = {
    "vmf": VonMisesFisherLoss(concentration=16.0),
    "dcwh": DCWHLoss(inverse_variance=0.25, cubic_weight=0.1),
    "softmax": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}
SEEDS = {2: 1, 3: 3, 4: 1}


def plain_cnn(convolutions: int) -> keras.Model:
    """Builds 3x3 convolutions of 16, 32, 64, 64 filters, each with max-pooling after it."""
    images = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 64, offset=-2.0)(images)
    for number in range(convolutions):
        filters = WIDTH * min(2**number, 4)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(layers.MaxPooling2D()(x))
        x = layers.ReLU()(x)
    return keras.Model(images, layers.Flatten()(x))


def build(loss_name: str, convolutions: int, seed: int, epochs: int) -> tuple[keras.Model, list]:
    """Builds the net under a loss: the embedding feeds class centers, or a softmax classifier."""
    backbone, loss = plain_cnn(convolutions), LOSSES[loss_name]
    if loss_name == "softmax":
        embedding = layers.Dense(EMBEDDING)(backbone.output)
        return keras.Model(backbone.input, layers.Dense(CLASSES)(embedding)), []
    return (
        Hasher(backbone, EMBEDDING, CLASSES, normalize=loss.normalize, seed=seed),
        [CenterUpdate(every=max(epochs // 2, 1))],
    )


def train(loss_name: str, convolutions: int, seed: int, epochs: int, train_images, test) -> dict:
    """Trains one net and returns its accuracy on the test images."""
    keras.utils.set_random_seed(seed)
    model, callbacks = build(loss_name, convolutions, seed, epochs)
    steps = len(train_images) // BATCH_SIZE
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    model.compile(optimizer=optimizer, loss=LOSSES[loss_name], metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(
        training_batches(train_images, BATCH_SIZE, AUGMENTATION, seed, range(epochs)),
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    accuracy = model.evaluate(test.batches(256), return_dict=True, verbose=0)["accuracy"]
    return {
        "loss": loss_name,
        "convolutions": convolutions,
        "seed": seed,
        "weights": model.count_params(),
        "accuracy": round(float(accuracy), 4),
        "seconds": round(seconds, 1),
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    settings = {
        "epochs": options.epochs,
        "backend": keras.backend.backend(),
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "width": WIDTH,
        "embedding": EMBEDDING,
        "losses": {name: loss.get_config() for name, loss in LOSSES.items()},
    }
    result = {"settings": json.loads(json.dumps(settings)), "nets": []}
    if options.output.exists():
        found = json.loads(options.output.read_text())
        if found["settings"] != result["settings"]:
            parser.error(f"{options.output} holds nets of other settings; remove it, or --output.")
        result = found
    done = {(net["loss"], net["convolutions"], net["seed"]) for net in result["nets"]}
    train_images, test = (load_split("cifar10", split) for split in ("train", "test"))
    for convolutions in (3, 2, 4):
        for seed in range(SEEDS[convolutions]):
            for loss_name in LOSSES:
                if (loss_name, convolutions, seed) in done:
                    continue
                net = train(loss_name, convolutions, seed, options.epochs, train_images, test)
                result["nets"].append(net)
                with replacing_file(options.output) as temporary:
                    temporary.write_text(json.dumps(result, indent=1) + "\n")
                print(net, flush=True)


if __name__ == "__main__":
    main()
