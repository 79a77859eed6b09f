"""The network of airbench: six convolutions that learn small images in ten epochs."""

import keras
import numpy as np
from keras import layers

from classwise.zoo.backbones.check_sizes import check_sizes
from classwise.zoo.backbones.patch_whitening import PatchWhitening

WIDTHS = (1, 4, 4)


@keras.saving.register_keras_serializable(package="classwise")
class Dirac(keras.initializers.Initializer):
    """Draws a convolution's kernel whose first filters pass the input channels on unchanged.

    Reference: arXiv 2404.00498, section 3.3.
    """

    def __init__(self, seed=None):
        self.random = keras.initializers.HeUniform(seed)

    def __call__(self, shape, dtype=None):
        height, width, channels, filters = shape
        passed = np.zeros(shape, np.float32)
        same = np.arange(min(channels, filters))
        passed[height // 2, width // 2, same, same] = 1
        kernel = keras.ops.convert_to_numpy(self.random(shape))
        kernel = np.where(np.arange(filters) < channels, passed, kernel)
        return keras.ops.convert_to_tensor(kernel, dtype)

    def get_config(self):
        return {"seed": self.random.get_config()["seed"]}


def normalized_convolution(x, filters: int, name: str, pool: bool = False):
    """Adds a 3x3 convolution, max-pooling where asked for, batch normalization and ReLU."""
    x = layers.Conv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer=Dirac(),
        name=f"{name}_conv",
    )(x)
    if pool:
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, scale=False, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def airbench(input_shape: tuple[int, int, int] = (32, 32, 3), width: int = 64) -> keras.Model:
    """Builds the network of airbench94: images 0-255 in, max-pooled features `[B, 4 * width]` out.

    A whitening layer, then three blocks of two 3x3 convolutions with `width`, `4 * width` and
    `4 * width` filters, the first of which halves the resolution. Convolutions start by passing
    their input on. Unlike the original it has ReLU for GELU, which every runtime computes fast.

    Call `adapt` of its layer `whitening` before training, as recipes do.

    Args:
        input_shape: (height, width, channels) of the images, 9 x 9 or larger.
        width: filters of the first block. Defaults to 64.

    Raises:
        InputError: the images are smaller than 9 x 9, or the width is below 1.

    Reference: arXiv 2404.00498.
    """
    check_sizes(input_shape, width, smallest=9)
    images = keras.Input(input_shape, name="images")
    # A power of two: the scaled pixels are exact in every runtime.
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(images)
    x = layers.ReLU(name="whitening_relu")(PatchWhitening(name="whitening")(x))
    for block, factor in enumerate(WIDTHS, start=1):
        x = normalized_convolution(x, factor * width, f"block{block}_1", pool=True)
        x = normalized_convolution(x, factor * width, f"block{block}_2")
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    return keras.Model(images, x, name="airbench")
