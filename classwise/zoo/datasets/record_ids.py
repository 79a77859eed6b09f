"""Ids of images by their content, equal on every machine and in every order of the source."""

import hashlib
from collections import Counter

import numpy as np

from classwise.zoo.datasets.labeled_images import LabeledImages


def record_ids(images: LabeledImages) -> np.ndarray:
    """Computes an id of every image from its split, its label and its pixels.

    TFDS orders records as they were prepared, so positions, and the ids of some sets, name other
    images on another machine. These ids do not:

    Formula: `{split}_{first 16 hexadecimal digits of SHA-256(label as 8 bytes, pixels)}`, followed
    by `_2`, `_3`, ... for further images of the split with the same label and pixels.

    Returns:
        str `[N]`, no two equal.

    Example:

    >>> pixels = np.zeros([2, 1, 1, 1], np.uint8)
    >>> names = np.array(["a", "b"])
    >>> twins = LabeledImages("toy", "test", pixels, np.array([0, 0]), names, ("bag",))
    >>> record_ids(twins).tolist()
    ['test_3e7077fd2f66d689', 'test_3e7077fd2f66d689_2']
    """
    seen = Counter()
    ids = []
    for position, label in enumerate(images.labels):
        content = np.int64(label).astype("<i8").tobytes() + images.images[position].tobytes()
        id = f"{images.split}_{hashlib.sha256(content).hexdigest()[:16]}"
        seen[id] += 1
        ids.append(id if seen[id] == 1 else f"{id}_{seen[id]}")
    return np.array(ids, dtype=str)
