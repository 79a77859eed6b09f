"""Images with their labels, record by record: what every data set of the zoo looks like."""

from __future__ import annotations

import dataclasses
import functools
import operator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from classwise.zoo.datasets.pipelines import PARALLEL_BATCHES, without_autotuning
from classwise.zoo.datasets.python_calls import numpy_function
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import check_labels

if TYPE_CHECKING:
    import tensorflow as tf


class ImageSource(Protocol):
    """Images that are decoded on access, such as `FolderImages`."""

    @property
    def shape(self) -> tuple[int, int, int, int]: ...

    def __getitem__(self, key: np.ndarray | slice | int) -> np.ndarray:
        """Returns uint8 `[n, H, W, C]`."""

    def select(self, indices: np.ndarray) -> ImageSource:
        """Returns the images at `indices`, not yet decoded."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class LabeledImages:
    """Images of one split, or of one folder, in a fixed order.

    Args:
        name: the data set, such as `"fashion_mnist"`.
        split: `"train"`, `"test"`, or what else the images are.
        images: uint8 `[N, H, W, C]`, an array, or `FolderImages`, which decodes on access.
        labels: int64 `[N]`, each in 0..C-1, or None where nobody labeled the images.
        ids: str `[N]`, what the source calls each image: an id, a file name, or else
            `"{split}_{position:05d}"`. They name an image within this copy of the data set only.
        class_names: one name a class; empty where the images have no labels.
        skipped: broken images that were left out.
        others: files beside the images that are none.

    Raises:
        InputError: the lengths differ, or a label is outside 0..C-1.

    Example:

    >>> images = np.zeros([3, 28, 28, 1], np.uint8)
    >>> three = LabeledImages("toy", "train", images, np.array([0, 1, 0]),
    ...                        np.array(["a", "b", "c"]), ("bag", "coat"))
    >>> three
    LabeledImages(toy:train, 3 images (28, 28, 1), 2 classes)
    >>> three.select(three.labels == 0).ids.tolist()
    ['a', 'c']
    """

    name: str
    split: str
    images: np.ndarray | ImageSource
    labels: np.ndarray | None
    ids: np.ndarray
    class_names: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def __post_init__(self):
        if len(self.ids) != len(self):
            raise InputError(f"{self}: there are {len(self.ids)} ids; one an image is needed.")
        if self.labels is not None:
            labels = check_labels("labels", self.labels, len(self), self.num_classes)
            object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def __repr__(self) -> str:
        classes = f"{self.num_classes} classes" if self.labels is not None else "no labels"
        shape = f"{len(self)} images {self.image_shape}"
        return f"LabeledImages({self.name}:{self.split}, {shape}, {classes})"

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        return tuple(self.images.shape[1:])

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @property
    def known_labels(self) -> np.ndarray:
        """The labels, where they are needed.

        Raises:
            InputError: nobody labeled the images.
        """
        if self.labels is None:
            raise InputError(
                f"The images of {self.name} have no labels; give a folder with one sub-folder a "
                "class."
            )
        return self.labels

    def select(self, indices: np.ndarray) -> LabeledImages:
        """Returns the images at `indices`, integers or booleans `[N]`, in that order."""
        indices = np.asarray(indices)
        if indices.dtype == bool:
            indices = np.flatnonzero(indices)
        in_memory = isinstance(self.images, np.ndarray)
        return dataclasses.replace(
            self,
            images=self.images[indices] if in_memory else self.images.select(indices),
            labels=None if self.labels is None else self.labels[indices],
            ids=self.ids[indices],
        )

    def load(self, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor] | tf.Tensor:
        """Returns the image and the label at `index` as tensors; made for `tf.data` maps.

        Args:
            index: an integer scalar, or a vector `[b]` for a batch.

        Returns:
            The image, uint8 `[H, W, C]` or `[b, H, W, C]` with the static shape set, and its
            label, int64 scalar or `[b]`. Images without labels come alone.

        Example:

        >>> train = LabeledImages("toy", "train", np.zeros([3, 8, 8, 1], np.uint8),
        ...                        np.array([0, 1, 0]), np.array(["a", "b", "c"]), ("bag", "coat"))
        >>> import tensorflow as tf
        >>> tf.data.Dataset.range(len(train)).shuffle(3).map(train.load).element_spec[0].shape
        TensorShape([8, 8, 1])
        """
        import tensorflow as tf

        if self._image_tensor is not None:
            image = tf.gather(self._image_tensor, index)
        else:
            image = numpy_function(self._decode, [index], tf.uint8, stateful=False)
            image = tf.ensure_shape(image, index.shape + self.image_shape)
        return image if self.labels is None else (image, tf.gather(self._label_tensor, index))

    def batches(
        self, batch_size: int, shuffle: bool = False, seed: int | None = None
    ) -> tf.data.Dataset:
        """Returns a data set of batches as `load` gives them; the last one may be smaller.

        Streams: only the batches in flight are decoded. Its cardinality is known.

        Args:
            batch_size: images a batch, 1 or more.
            shuffle: draw a new order in every pass over the images; default: their own order.
            seed: fixes the orders that `shuffle` draws.
        """
        import tensorflow as tf

        if operator.index(batch_size) < 1:
            raise InputError(f"batch_size is {batch_size}; it must be 1 or more.")
        indices = tf.data.Dataset.range(len(self))
        if shuffle:
            indices = indices.shuffle(len(self), seed=seed)
        batches = indices.batch(batch_size).map(self.load, num_parallel_calls=PARALLEL_BATCHES)
        return without_autotuning(batches.prefetch(2))

    # One tensor for all the maps made from these images: a graph captures it, without a copy.
    @functools.cached_property
    def _image_tensor(self) -> tf.Tensor | None:
        import tensorflow as tf

        if not isinstance(self.images, np.ndarray):
            return None
        with tf.init_scope(), tf.device("CPU"):
            return tf.constant(self.images)

    @functools.cached_property
    def _label_tensor(self) -> tf.Tensor:
        import tensorflow as tf

        with tf.init_scope(), tf.device("CPU"):
            return tf.constant(self.labels)  # int64 [N], or uint8 [N, C]

    def _decode(self, index: np.ndarray) -> np.ndarray:
        images = np.asarray(self.images[np.atleast_1d(index)])
        return images[0] if np.ndim(index) == 0 else images
