"""The images that come with the package: 2,000 of Fashion-MNIST's test split, 200 a class."""

import functools
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.labelled_images import LabelledImages
from classwise.zoo.datasets.tfds_images import load_split
from classwise.zoo.files import replacing_file

FILE = Path(__file__).with_name("fashion_mnist_sample.npz")
PER_CLASS = 200


@functools.cache
def load_sample() -> LabelledImages:
    """Returns the bundled sample of `fashion_mnist:test`, MIT licence (FASHION_MNIST_LICENSE).

    Example:

    >>> load_sample()
    LabelledImages(fashion_mnist:test, 2000 images (28, 28, 1), 10 classes)
    """
    with np.load(FILE, allow_pickle=False) as arrays:
        return LabelledImages(
            "fashion_mnist",
            "test",
            arrays["images"],
            arrays["labels"].astype(np.int64),
            arrays["ids"],
            tuple(arrays["class_names"].tolist()),
        )


def write_sample(path: Path = FILE) -> None:
    """Makes the file again from the first images of every class of the prepared data set."""
    test = load_split("fashion_mnist", "test")
    rows = [np.flatnonzero(test.labels == label)[:PER_CLASS] for label in range(test.num_classes)]
    sample = test.select(np.sort(np.concatenate(rows)))
    with replacing_file(path) as temporary:
        np.savez_compressed(
            temporary,
            images=sample.images,
            labels=sample.labels.astype(np.uint8),
            ids=sample.ids,
            class_names=np.array(sample.class_names),
        )
