"""Training batches: a new order and new augmentation in every epoch, both given by the seed."""

import numpy as np
import tensorflow as tf

from classwise.zoo.datasets import LabeledImages
from classwise.zoo.datasets.pipelines import PARALLEL_CALLS, without_autotuning
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.training.random_erasing import erase_square
from classwise.zoo.training.recipe import Augmentation

AHEAD = 4  # batches that are ready while the network trains


def check_augmentation(augmentation: Augmentation, image_shape: tuple[int, int, int]):
    """Raises `InputError` if images are too small for an augmentation."""
    side = min(image_shape[:2])
    for name in ("shift", "erase"):
        pixels = getattr(augmentation, name)
        if pixels >= side:
            raise InputError(
                f"augmentation.{name} is {pixels}; it must be less than the {side} pixels of the "
                "images' shorter side."
            )


def augment(image: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Mirrors, shifts and erases at random, as `augmentation` says.

    Each of them has a stream of its own, or shift and flip would go together; leaving one out
    changes nothing about the others.

    Args:
        image: uint8 `[H, W, C]`, its shape static.
        augmentation: what to do.
        seed: int64 `[2]`, the second number even and 0 or more; the same seed gives the same image.
    """
    shape = image.shape
    if augmentation.flip:
        image = tf.image.stateless_random_flip_left_right(image, seed)
    if augmentation.shift:
        margin = augmentation.shift
        image = tf.pad(image, [[margin, margin], [margin, margin], [0, 0]], mode="REFLECT")
        image = tf.image.stateless_random_crop(image, shape, seed + 1)
    if augmentation.erase:
        # Below 0, where no image's flip or shift draws from.
        image = erase_square(image, augmentation.erase, tf.stack([seed[0], -1 - seed[1]]))
    return image


def image_seed(seed: int, epoch: int, index: int) -> tf.Tensor:
    """Returns what decides the augmentation of one image in one epoch, int64 `[2]`."""
    return tf.stack([seed * 1_000_003 + epoch, 2 * index])


@tf.function
def augment_batch(
    images: tf.Tensor, indices: tf.Tensor, augmentation: Augmentation, seed: int, epoch: tf.Tensor
) -> tf.Tensor:
    """Augments the images `[b, H, W, C]` at `indices` as the training batches of an epoch do.

    `epoch` is an int64 scalar, as `indices` are int64 `[b]`.
    """

    def one(pair):
        image, index = pair
        return augment(image, augmentation, image_seed(seed, epoch, index))

    return tf.map_fn(one, (images, indices), fn_output_signature=tf.uint8)


def training_batches(
    images: LabeledImages,
    batch_size: int,
    augmentation: Augmentation,
    seed: int,
    epochs: range,
    taught: np.ndarray | None = None,
) -> tf.data.Dataset:
    """Returns the batches (images, labels) of several epochs, one after the other.

    With `taught`, a teacher's embeddings `[N, L]`, the labels are pairs (labels, embeddings).

    An epoch's batches depend on the seed and the number of the epoch alone: a training that
    starts again at epoch 7 sees what it would have seen. An epoch has `len(images) // batch_size`
    whole batches; the images left over are others in every epoch.
    """
    count = len(images)
    steps = max(count // batch_size, 1)
    embeddings = None if taught is None else tf.constant(taught)

    def example(epoch, index):
        image, label = images.load(index)
        target = label if taught is None else (label, tf.gather(embeddings, index))
        return augment(image, augmentation, image_seed(seed, epoch, index)), target

    def one_epoch(epoch):
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count, dtype=tf.int64), seed=tf.stack([tf.cast(seed, tf.int64), epoch])
        )
        batches = tf.data.Dataset.from_tensor_slices(order).map(
            lambda index: example(epoch, index), num_parallel_calls=PARALLEL_CALLS
        )
        return batches.batch(batch_size, drop_remainder=count >= batch_size).take(steps)

    batches = tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(one_epoch)
    return without_autotuning(batches.prefetch(AHEAD))
