"""The images that come with the package: photographs of clothes, and Fashion-MNIST."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.image_folder import load_folder
from classwise.zoo.datasets.labeled_images import LabeledImages
from classwise.zoo.foundation.errors import InputError, unknown_name

SAMPLES = Path(__file__).with_name("samples")
FASHION_MNIST = Path(__file__).with_name("fashion_mnist_sample.npz")
FOLDERS = ("clothing",)
FASHION_MNIST_SHAPE = (28, 28, 1)


@functools.cache
def load_sample(
    name: str = "clothing", image_shape: tuple[int, int, int] | None = None
) -> LabeledImages:
    """Loads a bundled sample of labeled images.

    - `"clothing"`: 200 photographs of clothes from the test and validation images of
      Clothing-small, 20 of each of 10 classes, CC0 (samples/NOTICE.md).
    - `"fashion_mnist"`: the first 200 images of every class of `fashion_mnist:test`, MIT license
      (FASHION_MNIST_LICENSE).

    Args:
        name: which one.
        image_shape: height, width and channels that photographs are brought to, as by
            `read_images`. Defaults to (224, 224, 3). Fashion-MNIST has (28, 28, 1) only.

    Returns:
        The images. Their arrays are read-only, because all callers share them.

    Raises:
        InputError: no such sample, or a shape that it does not have.

    Example:

    >>> load_sample()
    LabeledImages(clothing:folder, 200 images (224, 224, 3), 10 classes)
    >>> load_sample("fashion_mnist")
    LabeledImages(fashion_mnist:test, 2000 images (28, 28, 1), 10 classes)
    """
    if name in FOLDERS:
        photos = load_folder(sample_folder(name), image_shape or (224, 224, 3), labeled=True)
        return _read_only(dataclasses.replace(photos, images=photos.images[:]))
    if name != "fashion_mnist":
        raise unknown_name("sample", name, [*FOLDERS, "fashion_mnist"])
    return _fashion_mnist(image_shape)


def sample_of_shape(image_shape: tuple[int, int, int]) -> LabeledImages:
    """Returns the sample for a model of images of this shape, which need not have learned of it.

    Fashion-MNIST where its images have the shape, else the photographs, brought to it.

    Example:

    >>> sample_of_shape((28, 28, 1)).name, sample_of_shape((96, 96, 3)).name
    ('fashion_mnist', 'clothing')
    """
    shape = tuple(image_shape)
    name = "fashion_mnist" if shape == FASHION_MNIST_SHAPE else "clothing"
    return load_sample(name, shape)


def sample_folder(name: str = "clothing") -> Path:
    """Returns the folder of a bundled sample of photographs, one sub-folder a class.

    Args:
        name: `"clothing"`; see `load_sample`.

    Raises:
        InputError: no sample of that name is a folder.

    Example:

    >>> len(list(sample_folder().glob("*/*.jpg")))
    200
    """
    if name not in FOLDERS:
        raise unknown_name("sample folder", name, FOLDERS)
    return SAMPLES / name


def _fashion_mnist(image_shape: tuple[int, int, int] | None) -> LabeledImages:
    with np.load(FASHION_MNIST, allow_pickle=False) as stored:
        names = stored["class_names"].tolist()
        arrays = stored["images"], stored["labels"].astype(np.int64), stored["ids"]
    if image_shape not in (None, arrays[0].shape[1:]):
        raise InputError(
            f"image_shape is {image_shape}; the sample fashion_mnist has {arrays[0].shape[1:]}."
        )
    return _read_only(LabeledImages("fashion_mnist", "test", *arrays, tuple(names)))


def _read_only(found: LabeledImages) -> LabeledImages:
    for array in (found.images, found.labels, found.ids):
        np.asarray(array).setflags(write=False)
    return found
