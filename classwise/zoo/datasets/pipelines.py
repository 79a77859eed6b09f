"""How `tf.data` pipelines run: so many calls at a time, and no wait at their end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

PARALLEL_CALLS = min(os.cpu_count() or 1, 16)
PARALLEL_BATCHES = min(PARALLEL_CALLS, 4)  # each holds its images in memory


def without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the same data set, without the thread that tunes its iterators.

    That thread sleeps for up to as long as an iterator has lived, a minute at most, and whoever
    drops the iterator waits until it wakes up: the end of every pass, and of the process, may come
    at twice the time (seen with TensorFlow 2.21). Numbers of parallel calls and sizes of buffers
    must be given then; data sets that are made from this one inherit the setting.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def array_batches(array: np.ndarray, batch_size: int) -> tf.data.Dataset:
    """Returns batches of an array; Keras would make them of it too, but tune their iterator."""
    import tensorflow as tf

    with tf.device("CPU"):
        dataset = tf.data.Dataset.from_tensor_slices(array)
    return without_autotuning(dataset.batch(batch_size).prefetch(2))
