"""EfficientNet-Lite: ImageNet-trained features that every runtime computes fast."""

import math

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


def scaled_filters(filters: int, width: float) -> int:
    """Returns filters times a width, to the nearest multiple of 8 of at least 90 % of that.

    Example:

    >>> [scaled_filters(filters, 1.1) for filters in (24, 40, 112)]
    [24, 48, 120]
    """
    wanted = filters * width
    found = max(8, int(wanted + 4) // 8 * 8)
    return found if found >= 0.9 * wanted else found + 8


def scaled_stages(width: float, depth: float) -> list[tuple[int, int, int, int, int]]:
    """Returns `STAGES` with more filters, and more blocks in all but the first and last of them."""
    last = len(STAGES) - 1
    return [
        (
            blocks if number in (0, last) else math.ceil(blocks * depth),
            *between,
            scaled_filters(filters, width),
        )
        for number, (blocks, *between, filters) in enumerate(STAGES)
    ]


def efficientnet_lite(
    number: int, width: float, depth: float, input_shape: tuple[int, int, int]
) -> keras.Model:
    """Builds an EfficientNet-Lite: images 0-255 in, pooled features `[B, 1280]` out.

    The Lite variants have ReLU6 for swish and no squeeze-and-excitation, so that they quantize well
    and run on every accelerator; stem and head keep their size. The weights here are random; the
    trunks `efficientnet_lite{number}_imagenet` have those that ImageNet trained.

    Args:
        number: of the variant.
        width: its filters, as a multiple of Lite0's.
        depth: its blocks, as a multiple of Lite0's.
        input_shape: (height, width, 3) of the images, 32 x 32 or larger; the convolutions take any
            size.

    Raises:
        InputError: the images are smaller, or have other than 3 channels.

    Reference: EfficientNet, arXiv 1905.11946.
    """
    if len(input_shape) != 3 or min(input_shape[:2]) < SMALLEST or input_shape[2] != 3:
        raise InputError(
            f"EfficientNet-Lite{number} takes images (height, width, 3) from ({SMALLEST}, "
            f"{SMALLEST}, 3) on, not {tuple(input_shape)}."
        )
    images = keras.Input(input_shape, name="images")
    # (x - 127) / 128: exact in every runtime, the scale being a power of two.
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(images)
    x = layers.Conv2D(STEM_FILTERS, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(
        x
    )
    x = normalized(x, "stem")
    stages = scaled_stages(width, depth)
    for stage, (blocks, kernel_size, stride, expansion, filters) in enumerate(stages, start=1):
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
    return keras.Model(images, x, name=f"efficientnet_lite{number}")


def efficientnet_lite0(input_shape: tuple[int, int, int] = (224, 224, 3)) -> keras.Model:
    """Builds an EfficientNet-Lite0, made for 224 x 224 pixels; see `efficientnet_lite`."""
    return efficientnet_lite(0, 1.0, 1.0, input_shape)


def efficientnet_lite2(input_shape: tuple[int, int, int] = (260, 260, 3)) -> keras.Model:
    """Builds an EfficientNet-Lite2, made for 260 x 260 pixels; see `efficientnet_lite`."""
    return efficientnet_lite(2, 1.1, 1.2, input_shape)
