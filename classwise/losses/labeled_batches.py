"""Batches of images and labels that a callback goes through again and again."""

import itertools
import math
import operator
from collections.abc import Iterator

import keras
import numpy as np

INFINITE = -1  # the cardinality of an endless tf.data.Dataset


def never_ends(batches) -> bool:
    """Whether batches, of whatever form, say of themselves that they never end."""
    if isinstance(batches, itertools.cycle | itertools.count | itertools.repeat):
        return True
    if isinstance(batches, keras.utils.PyDataset):
        try:
            return batches.num_batches in (None, math.inf)
        except NotImplementedError:  # Keras takes such a one as endless too
            return True
    cardinality = getattr(batches, "cardinality", None)
    return callable(cardinality) and int(cardinality()) == INFINITE


def check_repeatable(callback: str, batches) -> None:
    """Raises `ValueError` unless batches may end, and can be gone through again and again."""
    if never_ends(batches):
        raise ValueError(
            f"{callback}'s data set never ends; leave out repeat(), or take(n) batches of it."
        )
    if hasattr(batches, "__next__"):
        raise ValueError(
            f"{callback}'s data set is a {type(batches).__name__}, which can be gone through once; "
            "give a list of batches, a tf.data.Dataset or a keras.utils.PyDataset."
        )
    if not hasattr(batches, "__iter__"):
        raise ValueError(
            f"{callback}'s data set is a {type(batches).__name__}; give batches (images, labels)."
        )


def labeled_batches(batches) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields images and labels of every batch; weights of images, if any, are left out.

    Raises:
        ValueError: a batch is not (images, labels), or there is none.
    """
    empty = True
    for batch in batches:
        if isinstance(batch, dict) or not isinstance(batch, tuple | list) or len(batch) < 2:
            given = f"keys {', '.join(map(str, batch))}" if isinstance(batch, dict) else "no pair"
            raise ValueError(
                f"A batch of a callback's data set is a {type(batch).__name__}, {given}; it must "
                "be (images, labels)."
            )
        empty = False
        images, labels = np.asarray(batch[0]), np.asarray(batch[1])
        if labels.ndim == 0:
            raise ValueError(
                f"A callback's data set gives single images, of shape {images.shape}; give "
                "batches, as dataset.batch(32) makes them."
            )
        if images.shape[:1] != labels.shape[:1]:
            raise ValueError(
                f"A batch of a callback's data set holds images of shape {images.shape} and labels "
                f"of shape {labels.shape}; give one label, or row of labels, an image."
            )
        yield images, labels
    if empty:
        raise ValueError("A callback's data set is empty; give batches (images, labels).")


def first_labels(model, batches) -> np.ndarray:
    """Returns the labels of the first batch, once the model has taken its images."""
    images, labels = next(labeled_batches(batches))
    model.predict_on_batch(images)
    return ids_or_rows(labels)


def embeddings_and_labels(model, batches) -> tuple[np.ndarray, np.ndarray]:
    """Computes embeddings `[N, L]` and gathers the labels, `[N]` or `[N, C]`, in the same pass.

    So they belong together even where a data set comes in another order every time.

    Args:
        model: gives embeddings `[B, L]` for images.
        batches: iterable of `(images, labels)`, labels integer or multi-hot.
    """
    gathered = []

    def images():
        for batch_images, batch_labels in labeled_batches(batches):
            gathered.append(batch_labels)
            yield (batch_images,)

    # Without the number of batches, Keras warns that the generator came to an end.
    steps = operator.length_hint(batches, 0) or None
    embeddings = model.predict(images(), steps=steps, verbose=0)
    return embeddings, ids_or_rows(np.concatenate(gathered))


def ids_or_rows(labels: np.ndarray) -> np.ndarray:
    """Returns labels `[N]` or `[N, C]`; a column `[N, 1]` is class ids."""
    return labels.reshape(-1) if labels.shape[1:] == (1,) else labels
