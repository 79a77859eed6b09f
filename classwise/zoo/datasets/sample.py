"""The images that come with the package: 2,000 of Fashion-MNIST's test split, 200 a class."""

import functools
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.labelled_images import LabelledImages

FILE = Path(__file__).with_name("fashion_mnist_sample.npz")


@functools.cache
def load_sample() -> LabelledImages:
    """Returns the bundled sample of `fashion_mnist:test`, MIT licence (FASHION_MNIST_LICENSE).

    It holds the first 200 images of every class, in the order of the split. The arrays are
    read-only, because all callers share them.

    Example:

    >>> load_sample()
    LabelledImages(fashion_mnist:test, 2000 images (28, 28, 1), 10 classes)
    """
    with np.load(FILE, allow_pickle=False) as stored:
        names = stored["class_names"].tolist()
        arrays = stored["images"], stored["labels"].astype(np.int64), stored["ids"]
    for array in arrays:
        array.setflags(write=False)
    return LabelledImages("fashion_mnist", "test", *arrays, tuple(names))
