"""Trains one small net on images of several labels, by every method and by a sigmoid classifier.

    KERAS_BACKEND=torch python bench/studies/mosaic.py [--epochs 4] [--code-length 48]

Protocol `fashion-mosaic`: mosaics of one to four Fashion-MNIST garments; some of its training
images are learned from, some of its queries ask, and all of its database answers. Every net is
trained for the same epochs on the same batches, with one optimizer, its learning rate and the
losses' settings chosen on nothing; centers that move are re-estimated half-way and at the end. The
classifier's codes are the signs of its linear hash layer, below a sigmoid for every label.
Finished nets are kept in bench/studies/results/mosaic.json, and are not trained again.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

from bench.studies.heads import SETTINGS
from classwise.losses import CenterUpdate
from classwise.zoo import Hasher
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import METHODS, build_loss
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.input_pipeline import training_batches
from classwise.zoo.training.iterative_quantization import ITERATIONS, turn
from classwise.zoo.training.recipe import Augmentation

RESULTS = Path(__file__).parent / "results" / "mosaic.json"
PROTOCOL, SIGMOID, ITQ = "fashion-mosaic", "sigmoid", "vmf_itq"
IMAGES, QUERIES = 10_000, 1_000
BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY, SEED = 128, 2e-3, 0.02, 0
REPORTED = {"map": "mAP", "ndcg@100": "NDCG@100", "map@5000": "mAP@5000"}


def small_net(image_shape: tuple[int, int, int]) -> keras.Model:
    """Builds three convolutions that halve the sides, on images at half their size."""
    images = keras.Input(image_shape)
    x = layers.AveragePooling2D(2)(layers.Rescaling(1 / 64, offset=-1.0)(images))
    for filters, kernel in ((16, 5), (32, 3), (64, 3)):
        x = layers.Conv2D(filters, kernel, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(images, layers.GlobalAveragePooling2D()(x))


def build(method: str, training, code_length: int) -> tuple[keras.Model, keras.Model, object]:
    """Builds what is trained, what gives embeddings, and the loss."""
    backbone = small_net(training.image_shape)
    if method == SIGMOID:
        hash_layer = layers.Dense(code_length)(backbone.output)
        classifier = keras.Model(backbone.input, layers.Dense(training.num_classes)(hash_layer))
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        return classifier, keras.Model(backbone.input, hash_layer), loss
    entry = METHODS[method]
    hasher = Hasher(
        backbone,
        code_length,
        training.num_classes,
        normalize=entry.unit_length,
        seed=SEED,
        initial_centers=entry.initial_centers,
    )
    return hasher, hasher, build_loss(method, SETTINGS.get(method, {}))


def train(method: str, split, code_length: int, epochs: int) -> list[dict]:
    """Trains one net; returns what its codes reach, those of vMF as they are and turned by ITQ."""
    keras.utils.set_random_seed(SEED)
    training = split.training.select(np.arange(IMAGES))
    model, embedder, loss = build(method, training, code_length)
    steps = len(training) // BATCH_SIZE
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * steps)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY), loss)
    update = [] if method == SIGMOID else [CenterUpdate(every=max(epochs // 2, 1))]
    print(f"{method} ...", flush=True)
    start = time.perf_counter()
    model.fit(
        training_batches(training, BATCH_SIZE, Augmentation(), SEED, range(epochs)),
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        callbacks=update,
        verbose=0,
    )
    facts = {"seconds": round(time.perf_counter() - start, 1)}
    nets = [{"method": method, **facts, **measured(embedder, split, code_length)}]
    if method == "vmf":
        turn(model, model.predict(training.batches(1024), verbose=0), ITERATIONS, SEED)
        nets.append({"method": ITQ, **facts, **measured(embedder, split, code_length)})
    return nets


def measured(embedder: keras.Model, split, code_length: int) -> dict:
    """Returns metrics of the signs of embeddings, expected over ties, with the tie band of mAP."""
    sets: list[np.ndarray] = []
    for images in (split.queries.select(np.arange(QUERIES)), split.database):
        batches = images.batches(1024).map(lambda pixels, labels: pixels)
        codes = pack_codes(np.asarray(embedder.predict(batches, verbose=0)))
        sets += [codes, images.known_labels]
    found = evaluate_codes(*sets, code_length=code_length, top_k=(100, 5000)).metrics
    values = {name: round(found[name].expected, 5) for name in REPORTED}
    band = [round(getattr(found["map"], order), 5) for order in ("worst", "best")]
    return {**values, "map_band": band, "distinct_codes": len(np.unique(sets[2], axis=0))}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--code-length", type=int, default=48)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    given = {
        "epochs": options.epochs,
        "images": IMAGES,
        "queries": QUERIES,
        "code_length": options.code_length,
        "seed": SEED,
        "backend": keras.backend.backend(),
        "losses": {name: build_loss(name, SETTINGS.get(name, {})).get_config() for name in METHODS},
    }
    result = {"settings": given, "nets": []}
    if options.output.exists():
        found = json.loads(options.output.read_text())
        if found["settings"] != given:
            parser.error(f"{options.output} holds nets of other settings; remove it, or --output.")
        result = found
    split = get_protocol(PROTOCOL).load()
    done = {net["method"] for net in result["nets"]}
    for method in (SIGMOID, *METHODS):
        if method not in done:
            result["nets"] += train(method, split, options.code_length, options.epochs)
            with replacing_file(options.output) as temporary:
                temporary.write_text(json.dumps(result, indent=1) + "\n")
            print(result["nets"][-1], flush=True)


if __name__ == "__main__":
    main()
