"""What a training remembers of its images, to know them again when it goes on."""

import hashlib
import json

import numpy as np

from classwise.zoo.datasets import LabeledImages


def image_digest(images: LabeledImages) -> dict:
    """Computes the number and a SHA-256 of images, in their order, with labels and class names.

    Images in memory count with their pixels: their ids may name others in another copy of the data
    set. Files count with their names, because decoding all of them would take minutes.

    Returns:
        `{"images": N, "sha256": 64 hexadecimal digits}`.

    Example:

    >>> pixels = np.zeros([2, 1, 1, 1], np.uint8)
    >>> labels, ids = np.array([0, 0]), np.array(["a", "b"])
    >>> two = LabeledImages("toy", "train", pixels, labels, ids, ("bag",))
    >>> image_digest(two)["images"]
    2
    """
    digest = hashlib.sha256(json.dumps([images.image_shape, images.class_names]).encode())
    digest.update(images.labels.astype("<i8").tobytes())
    if isinstance(images.images, np.ndarray):
        digest.update(np.ascontiguousarray(images.images))
    else:
        digest.update(json.dumps(images.ids.tolist()).encode())
    return {"images": len(images), "sha256": digest.hexdigest()}
