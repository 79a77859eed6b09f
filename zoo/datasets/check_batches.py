"""The same boundary as `check_images`, for images that arrive as a `tf.data.Dataset`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf


def check_batches(
    dataset: tf.data.Dataset, image_shape: tuple[int, int, int], num_classes: int
) -> tf.data.Dataset:
    """Returns a data set of batches (images, labels, ...) whose class ids are checked on the way.

    Args:
        dataset: batches of images `[B, H, W, C]` and labels, integers `[B]` or multi-hot `[B, C]`.
        image_shape: height, width and channels that the model takes.
        num_classes: C.

    Raises:
        InputError: images or labels of another form.
        tf.errors.InvalidArgumentError: while it is consumed, a class id outside 0..C-1.
    """
    import tensorflow as tf

    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) < 2:
        raise InputError(f"A training data set yields (images, labels); this one yields {spec}.")
    images, labels = spec[:2]
    if not images.shape.is_compatible_with((None, *image_shape)):
        raise InputError(
            f"The data set yields images of shape {images.shape}; this hasher takes batches "
            f"(None, {', '.join(map(str, image_shape))})."
        )
    if labels.shape.rank == 2 and labels.shape[-1] not in (1, None):
        if labels.shape[-1] != num_classes:
            raise InputError(
                f"The data set yields labels of shape {labels.shape}; give integers [B], or "
                f"multi-hot labels [B, {num_classes}]."
            )
        return dataset
    if not labels.dtype.is_integer:
        raise InputError(f"The data set yields {labels.dtype.name} labels; class ids are integers.")

    def check(images, labels, *rest):
        message = f"labels must be class ids from 0 to {num_classes - 1}"
        ids = tf.cast(labels, tf.int64)
        checks = [
            tf.debugging.assert_non_negative(ids, message),
            tf.debugging.assert_less(ids, tf.constant(num_classes, tf.int64), message),
        ]
        with tf.control_dependencies([check for check in checks if check is not None]):
            return tf.identity(images), labels, *rest

    return dataset.map(check)
