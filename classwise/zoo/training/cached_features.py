"""The output of frozen layers for labeled images, as a data set."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.pipelines import without_autotuning
from classwise.zoo.datasets.python_calls import numpy_function


@dataclasses.dataclass(frozen=True, eq=False)
class CachedFeatures:
    """Features of labeled images as they are and, after these, as training changes them.

    Args:
        images: the labeled images whose features they are.
        views: float16 `[N, V, h, w, F]`, the first of V views being the plain image.
        seconds: what computing them took, whenever that was.
        in_turn: whether epoch e sees view e modulo V of every image, or (default) one of them drawn
            anew for every image.
    """

    images: LabeledImages
    views: np.ndarray
    seconds: float = 0.0
    in_turn: bool = False

    def __len__(self) -> int:
        return len(self.views)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image's features."""
        return self.views.shape[2:]

    @property
    def num_classes(self) -> int:
        return self.images.num_classes

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.images.class_names

    @property
    def labels(self) -> np.ndarray:
        """Class ids int64 `[N]`, or multi-hot uint8 `[N, C]`."""
        return self.images.labels

    def training_batches(self, batch_size: int, seed: int, epochs: range) -> tf.data.Dataset:
        """Returns the batches of several epochs; an epoch's depend on seed and number alone."""

        steps = max(len(self) // batch_size, 1)

        @functools.lru_cache(maxsize=2)
        def drawn(epoch):
            random = np.random.default_rng([seed, epoch])
            order = random.permutation(len(self))
            count = self.views.shape[1]
            if self.in_turn:
                return order, np.full(len(self), epoch % count)
            return order, random.integers(count, size=len(self))

        def batch(step):
            order, views = drawn(step // steps)
            start = step % steps * batch_size
            chosen = order[start : start + batch_size]
            return self.views[chosen, views[chosen]], self.labels[chosen]

        return self._dataset(range(epochs.start * steps, epochs.stop * steps), batch)

    def batches(self, batch_size: int) -> tf.data.Dataset:
        """Returns the plain features in their own order."""

        def batch(step):
            chosen = slice(step * batch_size, (step + 1) * batch_size)
            return self.views[chosen, 0], self.labels[chosen]

        return self._dataset(range(math.ceil(len(self) / batch_size)), batch)

    def _dataset(self, steps: range, batch: Callable) -> tf.data.Dataset:
        """Returns the features and labels that `batch` gives for each step."""

        def read(step):
            kinds = [tf.float16, tf.as_dtype(self.labels.dtype)]
            features, labels = numpy_function(batch, [step], kinds)
            return tf.ensure_shape(features, (None, *self.image_shape)), tf.ensure_shape(
                labels, (None, *self.labels.shape[1:])
            )

        return without_autotuning(
            tf.data.Dataset.range(steps.start, steps.stop).map(read).prefetch(4)
        )
