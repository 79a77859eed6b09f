"""ResNet-9: a short, wide residual network that learns small images in few epochs."""

import keras
from keras import layers

from classwise.zoo.backbones.check_sizes import check_sizes
from classwise.zoo.backbones.resnet import convolution


def convolution_block(
    x: keras.KerasTensor, filters: int, name: str, pool: bool = False
) -> keras.KerasTensor:
    """Adds a 3x3 convolution, max-pooling where asked for, and ReLU."""
    x = convolution(x, filters, 1, name)
    if pool:
        x = layers.MaxPooling2D(name=f"{name}_pool")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def residual_pair(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """Adds two convolution blocks and the identity around them."""
    branch = convolution_block(x, filters, f"{name}_1")
    branch = convolution_block(branch, filters, f"{name}_2")
    return layers.Add(name=f"{name}_add")([x, branch])


def resnet9(input_shape: tuple[int, int, int] = (32, 32, 3), width: int = 24) -> keras.Model:
    """Builds a ResNet-9: images 0-255 in, max-pooled features `[B, 8 * width]` out.

    Eight 3x3 convolutions (the ninth layer is the head that a hasher adds) with `width`,
    `2 * width`, `4 * width` and `8 * width` filters; each wider one halves the resolution. With
    a seventh of a ResNet-20's layers at full resolution and three times its weights, it needs
    fewer epochs for the same accuracy.

    Args:
        input_shape: (height, width, channels) of the images, 8 x 8 or larger.
        width: filters of the first layer. Defaults to 24.

    Raises:
        InputError: the images are smaller than 8 x 8, or the width is below 1.

    Reference: Page, How to Train Your ResNet, 2018 (myrtle.ai).
    """
    check_sizes(input_shape, width, smallest=8)
    images = keras.Input(input_shape, name="images")
    # A power of two: the scaled pixels are exact in every runtime.
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(images)
    x = convolution_block(x, width, "stem")
    x = convolution_block(x, 2 * width, "stage1", pool=True)
    x = residual_pair(x, 2 * width, "stage1_residual")
    x = convolution_block(x, 4 * width, "stage2", pool=True)
    x = convolution_block(x, 8 * width, "stage3", pool=True)
    x = residual_pair(x, 8 * width, "stage3_residual")
    x = layers.GlobalMaxPooling2D(name="pool")(x)
    return keras.Model(images, x, name="resnet9")
