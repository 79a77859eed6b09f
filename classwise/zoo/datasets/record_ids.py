"""Ids of images by their content, equal on every machine and in every order of the source."""

import hashlib
from collections import Counter
from pathlib import PurePosixPath

import numpy as np

from classwise.zoo.datasets.encoded_images import EncodedImages
from classwise.zoo.datasets.labeled_images import LabeledImages


def record_ids(images: LabeledImages) -> np.ndarray:
    """Computes an id of every image from its split, its label and its pixels, or its file.

    TFDS orders records as they were prepared, so positions, and the ids of some sets, name other
    images on another machine. These ids do not:

    Formula: `{split}_{first 16 hexadecimal digits of SHA-256(label as 8 bytes, content)}`, followed
    by `_2`, `_3`, ... for further images of the split with the same label and content: the pixels,
    or of `EncodedImages`, whose size is not fixed, the bytes of the file.

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
    files = isinstance(images.images, EncodedImages)
    for position, label in enumerate(images.labels):
        found = images.images.encoded(position) if files else images.images[position].tobytes()
        content = np.int64(label).astype("<i8").tobytes() + found
        id = f"{images.split}_{hashlib.sha256(content).hexdigest()[:16]}"
        seen[id] += 1
        ids.append(id if seen[id] == 1 else f"{id}_{seen[id]}")
    return np.array(ids, dtype=str)


def file_ids(images: LabeledImages) -> np.ndarray:
    """Returns ids by the names of files, of a set whose names are the same in every copy.

    Formula: `{split}_{name without folders and ending}`.

    Returns:
        str `[N]`.

    Example:

    >>> pixels, label = np.zeros([1, 1, 1, 1], np.uint8), np.array([0])
    >>> one = LabeledImages("toy", "train", pixels, label, np.array(["n01/n01_7.JPEG"]), ("bag",))
    >>> file_ids(one).tolist()
    ['train_n01_7']
    """
    return np.array([f"{images.split}_{PurePosixPath(name).stem}" for name in images.ids], str)
