"""Retrieval metrics at the end of an epoch, where other callbacks see them."""

import keras
import numpy as np

from classwise.losses.labeled_batches import (
    check_repeatable,
    embeddings_and_labels,
    first_labels,
)
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import check_labels
from classwise.zoo.retrieval.hamming import evaluate_codes


class RetrievalEvaluation(keras.callbacks.Callback):
    """Ranks a database for validation queries at the end of every `every`-th epoch.

    The expected value of each Hamming metric goes into `logs` as `val_map`, `val_map@100`,
    `val_precision_within_radius_2` and so on, for `History` and for the callbacks that come after
    this one: `EarlyStopping`, `ModelCheckpoint`, `TensorBoard`. Put it after `CenterUpdate`.

    In an epoch without evaluation `logs` lack the values: with `every` above 1 Keras then warns
    that the monitored value is missing, and `patience` counts evaluations.

    Select with validation images only; the queries of the protocol are touched once, at the end.

    Args:
        queries, database: iterables of batches `(images, labels)` that can be iterated again and
            again, such as batched `tf.data.Dataset`s without augmentation; labels are integer or
            multi-hot.
        every: epochs between evaluations. Defaults to 1.
        top_k: cut-offs, as in `evaluate_codes`: by default those of 100 and 1,000 that the
            database can fill.
        radius: Hamming radii, as in `evaluate_codes`: by default 2.
        prefix: of the names in `logs`. Defaults to `"val_"`.

    Raises:
        InputError: `every` is below 1; as training starts, the model has no code length, or a first
            batch has images or labels that do not fit; later, codes and labels do not fit
            `evaluate_codes`.
        ValueError: a data set never ends, can be iterated only once, or gives no such batches.

    Example:

    >>> from classwise import losses, zoo
    >>> images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    >>> labels = np.arange(60) % 3
    >>> backbone = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten()])
    >>> hasher = zoo.Hasher(backbone, code_length=8, num_classes=3)
    >>> hasher.compile(optimizer="adamw", loss=losses.DCWHLoss())
    >>> validation = [(images[:20], labels[:20])], [(images[20:], labels[20:])]
    >>> scores = zoo.RetrievalEvaluation(*validation, top_k=(10,))
    >>> stop = keras.callbacks.EarlyStopping("val_map", mode="max", patience=5)
    >>> history = hasher.fit(images, labels, epochs=2, callbacks=[scores, stop], verbose=0).history
    >>> [len(history[name]) for name in ("val_map", "val_map@10", "val_precision_within_radius_2")]
    [2, 2, 2]
    """

    def __init__(self, queries, database, every=1, top_k=None, radius=None, prefix="val_"):
        super().__init__()
        if not isinstance(every, int) or every < 1:
            raise InputError(f"every is {every!r}; it must be a whole number of epochs, 1 or more.")
        for dataset in (queries, database):
            check_repeatable("RetrievalEvaluation", dataset)
        self.queries = queries
        self.database = database
        self.every = every
        self.top_k = top_k
        self.radius = radius
        self.prefix = prefix

    def on_train_begin(self, logs=None):
        if not hasattr(self.model, "code_length"):
            raise InputError(
                "RetrievalEvaluation needs a model with a code length, such as "
                f"classwise.zoo.Hasher; {type(self.model).__name__} has no attribute code_length."
            )
        for name, dataset in (("queries", self.queries), ("database", self.database)):
            labels = first_labels(self.model, dataset)
            check_labels(f"labels of the {name}", labels, len(labels))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        result = evaluate_codes(
            *codes_and_labels(self.model, self.queries),
            *codes_and_labels(self.model, self.database),
            code_length=self.model.code_length,
            top_k=self.top_k,
            radius=self.radius,
        )
        if logs is not None:
            for name, value in result.metrics.items():
                logs[self.prefix + name] = value.expected


def codes_and_labels(model, dataset) -> tuple[np.ndarray, np.ndarray]:
    """Computes packed codes `[N, ceil(L / 8)]` and gathers the labels in the same pass."""
    embeddings, labels = embeddings_and_labels(model, dataset)
    return pack_codes(embeddings), labels
