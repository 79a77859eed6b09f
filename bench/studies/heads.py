"""Hash layers on features that do not change, by five methods, and how well their codes rank."""

import math
from collections.abc import Callable

import keras
import numpy as np

from classwise.losses import CenterUpdate
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.methods import build_loss, get_method
from classwise.zoo.models.feature_hasher import FeatureHasher
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.iterative_quantization import ITERATIONS, turn

BATCH_SIZE, EPOCHS, LEARNING_RATE, WEIGHT_DECAY = 128, 30, 1e-3, 0.02
SETTINGS = {
    "dcwh": {"inverse_variance": 0.25, "cubic_weight": 0.1, "vertex_weight": 0.01},
    "vmf": {"concentration": 8.0},
}
LABELS = {
    "dcwh": get_method("dcwh").paper.name,
    "vmf": "vMF, sign of the embedding",
    "vmf_itq": "vMF, sign of the embedding turned by ITQ",
    "softmax": "softmax classifier, sign of its linear hash layer",
    "random": "random projections of the features, sign",
}

#: Gives embeddings `[N, L]` for features `[N, F]`.
Head = Callable[[np.ndarray], np.ndarray]


def optimizer(images: int) -> keras.optimizers.Optimizer:
    steps = EPOCHS * math.ceil(images / BATCH_SIZE)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    return keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)


def class_wise_head(method, features, labels, code_length, seed, itq=False) -> Head:
    """Trains a hash layer with a class-wise loss and streaming centers, and may turn it then."""
    inputs = keras.Input((1, 1, features.shape[1]))
    hasher = FeatureHasher(
        keras.Model(inputs, keras.layers.Flatten()(inputs)),
        code_length,
        int(labels.max()) + 1,
        normalize=get_method(method).unit_length,
        seed=seed,
    )
    hasher.compile(optimizer(len(features)), build_loss(method, SETTINGS[method]))
    images = features[:, None, None]
    hasher.fit(images, labels, BATCH_SIZE, EPOCHS, callbacks=[CenterUpdate()], verbose=0)

    def head(found):
        return hasher.predict(found[:, None, None], batch_size=4096, verbose=0)

    if itq:
        turn(hasher, head(features), ITERATIONS, seed)
    return head


def softmax_head(features, labels, code_length) -> Head:
    """Trains the same hash layer below a linear softmax classifier."""
    inputs = keras.Input((features.shape[1],))
    hash_layer = keras.layers.Dense(code_length)(inputs)
    classifier = keras.Model(inputs, keras.layers.Dense(int(labels.max()) + 1)(hash_layer))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(optimizer(len(features)), loss)
    classifier.fit(features, labels, BATCH_SIZE, EPOCHS, verbose=0)
    below = keras.Model(inputs, hash_layer)
    return lambda found: below.predict(found, batch_size=4096, verbose=0)


def random_head(features, code_length, seed) -> Head:
    """Draws a Gaussian projection of the features less their mean."""
    mean = features.mean(axis=0)
    projection = np.random.default_rng(seed).normal(size=(features.shape[1], code_length))
    return lambda found: (found - mean) @ projection


def train_head(method: str, features, labels, code_length: int, seed: int) -> Head:
    """Trains a hash layer on features `[N, F]` and class ids `[N]`.

    Args:
        method: one of `LABELS`; `"random"` looks at the features only.
        features: float32 `[N, F]`.
        labels: class ids from 0 on, int `[N]`.
        code_length: L, bits.
        seed: of weights, centers and the order of images.
    """
    keras.utils.set_random_seed(seed)
    if method == "random":
        return random_head(features, code_length, seed)
    if method == "softmax":
        return softmax_head(features, labels, code_length)
    loss = method.removesuffix("_itq")
    return class_wise_head(loss, features, labels, code_length, seed, itq=loss != method)


def mean_average_precision(head: Head, queries, database, code_length: int) -> dict:
    """Returns the mAP of a head's codes with its tie band; both sets are (features, labels)."""
    query_codes, database_codes = (
        pack_codes(head(features)) for features, _ in (queries, database)
    )
    measured = evaluate_codes(
        query_codes, queries[1], database_codes, database[1], code_length=code_length
    ).metrics["map"]
    return {order: round(getattr(measured, order), 5) for order in ("expected", "worst", "best")}
