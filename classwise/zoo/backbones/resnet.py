"""CIFAR-style residual networks, for small images at native resolution."""

import keras
from keras import layers

from classwise.zoo.backbones.check_sizes import check_sizes
from classwise.zoo.foundation.errors import InputError


def convolution(
    x: keras.KerasTensor, filters: int, stride: int, name: str, kernel_size: int = 3
) -> keras.KerasTensor:
    """Adds a convolution without bias and its batch normalization."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)


def residual_block(x: keras.KerasTensor, filters: int, stride: int, name: str) -> keras.KerasTensor:
    """Adds two 3x3 convolutions and a shortcut, projected where the shape changes."""
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = convolution(x, filters, stride, f"{name}_shortcut", kernel_size=1)
    x = layers.ReLU(name=f"{name}_relu1")(convolution(x, filters, stride, f"{name}_1"))
    x = convolution(x, filters, 1, f"{name}_2")
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, shortcut]))


def resnet(
    depth: int,
    input_shape: tuple[int, int, int] = (32, 32, 3),
    width: int = 16,
) -> keras.Model:
    """Builds a CIFAR-style ResNet: images 0-255 in, pooled features `[B, 4 * width]` out.

    A 3x3 stem, then three stages of `(depth - 2) / 6` residual blocks with `width`, `2 * width`
    and `4 * width` filters; the second and third stage halve the resolution.

    Args:
        depth: number of layers with weights, 6n + 2: 8, 14, 20, 32, 44, 56, ...
        input_shape: (height, width, channels) of the images.
        width: filters of the first stage. Defaults to 16.

    Raises:
        InputError: the depth is not 6n + 2, or a size is below 1.

    Reference: Deep Residual Learning, arXiv 1512.03385, section 4.2.
    """
    if depth < 8 or (depth - 2) % 6:
        raise InputError(f"A ResNet has 6n + 2 layers (8, 14, 20, 32, ...), not {depth}.")
    check_sizes(input_shape, width)
    images = keras.Input(input_shape, name="images")
    # A power of two: the scaled pixels are exact in every runtime.
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(images)
    x = layers.ReLU(name="stem_relu")(convolution(x, width, 1, "stem"))
    for stage in range(3):
        for block in range((depth - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            x = residual_block(x, width * 2**stage, stride, f"stage{stage + 1}_block{block + 1}")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(images, x, name=f"resnet{depth}")
