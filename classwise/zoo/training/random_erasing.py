"""Random erasing, also known as cutout: a square of an image is blotted out."""

import tensorflow as tf


def erase_square(image: tf.Tensor, size: int, seed: tf.Tensor) -> tf.Tensor:
    """Blots out a square at a random place: its pixels take the image's mean color.

    The square's center is any pixel, each as likely; what reaches over the border is cut off, so
    that some images lose less than a whole square.

    Args:
        image: uint8 `[H, W, C]`, its shape static.
        size: side of the square in pixels.
        seed: integers `[2]`; the same seed, the same place.

    Reference: arXiv 1708.04896 (random erasing); arXiv 1708.04552 (cutout).
    """
    height, width, _ = image.shape
    center = tf.random.stateless_uniform([], seed, 0, height * width, tf.int32)
    top, left = center // width - size // 2, center % width - size // 2
    row, column = tf.range(height)[:, None, None], tf.range(width)[None, :, None]
    inside = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    # In integers, halves rounded up: the same on every machine.
    total = tf.reduce_sum(tf.cast(image, tf.int64), axis=[0, 1])
    mean = (total + height * width // 2) // (height * width)
    return tf.where(inside, tf.cast(mean, image.dtype), image)
