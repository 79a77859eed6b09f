"""EfficientNet-Lite0: ImageNet-trained features that every runtime computes fast."""

import keras
from keras import layers

from classwise.zoo.foundation.errors import InputError

# (blocks, kernel size, stride of the first block, expansion, filters), arXiv 1905.11946, table 1.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_FILTERS, HEAD_FILTERS = 32, 1280
SMALLEST = 32


def normalized(x, name: str, activation: bool = True):
    """Adds batch normalization and, if asked for, ReLU6."""
    x = layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x


def pointwise(x, filters: int, name: str, activation: bool = True):
    """Adds a 1x1 convolution and its batch normalization."""
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
    return normalized(x, name, activation)


def inverted_residual(x, kernel_size: int, stride: int, expansion: int, filters: int, name: str):
    """Adds expansion, depthwise convolution and projection, around them the identity if it fits."""
    shortcut = x
    if expansion > 1:
        x = pointwise(x, expansion * x.shape[-1], f"{name}_expand")
    x = layers.DepthwiseConv2D(
        kernel_size, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = normalized(x, f"{name}_depthwise")
    x = pointwise(x, filters, f"{name}_project", activation=False)
    if stride == 1 and shortcut.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([shortcut, x])
    return x


def efficientnet_lite0(input_shape: tuple[int, int, int] = (224, 224, 3)) -> keras.Model:
    """Builds an EfficientNet-Lite0: images 0-255 in, pooled features `[B, 1280]` out.

    The Lite variant has ReLU6 for swish and no squeeze-and-excitation, so that it quantizes well
    and runs on every accelerator. Its weights here are random; the preset
    `efficientnet_lite0_imagenet` has those that ImageNet trained.

    Args:
        input_shape: (height, width, 3) of the images, 32 x 32 or larger. It was made for 224 x 224;
            the convolutions take any size.

    Raises:
        InputError: the images are smaller, or have other than 3 channels.

    Reference: EfficientNet, arXiv 1905.11946.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < SMALLEST or input_shape[2] != 3:
        raise InputError(
            f"EfficientNet-Lite0 takes images (height, width, 3) from ({SMALLEST}, {SMALLEST}, 3) "
            f"on, not {tuple(input_shape)}."
        )
    images = keras.Input(input_shape, name="images")
    # (x - 127) / 128: exact in every runtime, the scale being a power of two.
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(images)
    x = layers.Conv2D(STEM_FILTERS, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(
        x
    )
    x = normalized(x, "stem")
    for stage, (blocks, kernel_size, stride, expansion, filters) in enumerate(STAGES, start=1):
        for block in range(1, blocks + 1):
            x = inverted_residual(
                x,
                kernel_size,
                stride if block == 1 else 1,
                expansion,
                filters,
                f"stage{stage}_block{block}",
            )
    x = pointwise(x, HEAD_FILTERS, "head")
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(images, x, name="efficientnet_lite0")
