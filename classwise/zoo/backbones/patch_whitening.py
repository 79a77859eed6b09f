"""A first layer that decorrelates pixels, computed from images and not trained."""

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from classwise.zoo.foundation.errors import InputError

#: Added to the variances: directions that hold little but noise are not blown up.
SMALLEST_VARIANCE = 5e-4


@keras.saving.register_keras_serializable(package="classwise")
class PatchWhitening(keras.layers.Layer):
    """Computes decorrelated patches of unit variance, and their negatives.

    Formula, for the patches `p` of `size * size` pixels, without padding:

        y = concat(U p, -U p) + b       U = (S + 5e-4)^(-1/2) V^T

    where `V` and `S` are eigenvectors and eigenvalues of the patches' second moments, found by
    `adapt` and then fixed; the bias `b` is trained. An activation after it loses nothing, since
    every direction comes with both signs. Until `adapt` is called the filters are random.

    Args:
        size: side of a patch in pixels, 1 or more. Defaults to 2.

    Input: `[B, H, W, C]`. Output: `[B, H - size + 1, W - size + 1, 2 * size * size * C]`.

    Example:

    >>> import numpy as np
    >>> whitening = PatchWhitening()
    >>> images = np.random.default_rng(0).normal(3.0, 2.0, (64, 8, 8, 1))
    >>> whitening.adapt([images])
    >>> output = keras.ops.convert_to_numpy(whitening(images)).reshape(-1, 8)[:, :4]
    >>> np.abs(output.T @ output / len(output) - np.eye(4)).max().item() < 0.01
    True

    Reference: arXiv 2404.00498, section 3.2.
    """

    def __init__(self, size=2, **kwargs):
        # Differences of nearly equal pixels need float32 under any policy.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise InputError(f"size is {size!r}; it must be 1 or more pixels.")
        self.size = size

    def build(self, input_shape):
        channels = input_shape[-1]
        filters = 2 * self.size * self.size * channels
        shape = (self.size, self.size, channels, filters)
        self.kernel = self.add_weight(
            shape=shape, initializer="he_normal", trainable=False, name="kernel"
        )
        self.bias = self.add_weight(shape=(filters,), initializer="zeros", name="bias")

    def call(self, images):
        return ops.conv(images, self.kernel, padding="valid") + self.bias

    def adapt(self, batches: Iterable[np.ndarray]) -> None:
        """Computes the filters from batches of images `[B, H, W, C]`, as they come to this layer.

        Raises:
            InputError: there is no batch.
        """
        size, moments, count = self.size, 0.0, 0
        for images in batches:
            if not self.built:
                self.build(images.shape)
            windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
            patches = np.moveaxis(windows, 3, -1).reshape(-1, size * size * images.shape[-1])
            moments += (patches.T @ patches).astype(np.float64)
            count += len(patches)
        if count == 0:
            raise InputError("PatchWhitening.adapt was given no images; give it one batch or more.")
        variances, directions = np.linalg.eigh(moments / count)
        filters = directions / np.sqrt(np.maximum(variances, 0) + SMALLEST_VARIANCE)
        filters = filters.reshape(*self.kernel.shape[:3], -1)
        self.kernel.assign(np.concatenate([filters, -filters], axis=-1))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        less = self.size - 1
        return batch, height - less, width - less, 2 * self.size * self.size * channels

    def get_config(self):
        return {"name": self.name, "trainable": self.trainable, "size": self.size}
