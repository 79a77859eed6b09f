"""The boundary where training data enters, as arrays or as batches that come by one at a time."""

from __future__ import annotations

import copy
import functools
import operator
import sys
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from classwise.losses.labeled_batches import never_ends
from classwise.zoo.datasets.check_images import check_images
from classwise.zoo.datasets.pipelines import PARALLEL_BATCHES
from classwise.zoo.datasets.python_calls import numpy_function
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.labels import check_labels

if TYPE_CHECKING:
    import tensorflow as tf


def comes_in_batches(x: Any) -> bool:
    """Whether `x` is a source of batches, in one of the forms that Keras takes."""
    return (
        isinstance(x, keras.utils.PyDataset | types.GeneratorType)
        or _is_a(x, "tensorflow", "data.Dataset")
        or _is_a(x, "torch", "utils.data.DataLoader")
    )


def check_that_it_ends(x: Any, passes: int = 1, limit: str = "steps") -> None:
    """Raises `InputError` for batches that never end, or cannot be passed over so many times.

    Args:
        x: a source of batches, or anything else.
        passes: the number of epochs.
        limit: the argument that would limit the batches of a pass.
    """
    if never_ends(x):
        raise InputError(
            f"The data set never ends; leave out repeat(), take(n) batches of it, or give {limit}."
        )
    if isinstance(x, types.GeneratorType) and passes > 1:
        raise InputError(
            f"A generator is passed over once, but there are {passes} epochs; give {limit}, or a "
            "tf.data.Dataset or keras.utils.PyDataset."
        )


def check_training_data(
    x: Any, y: Any, image_shape: tuple[int, int, int], num_classes: int | None
) -> tuple[Any, Any]:
    """Returns the `x` and `y` of `fit`, so that no wrong image or label reaches a training step.

    Arrays and tensors are checked at once. Batches are checked on the host when they come by, in
    the thread or process that prepares them: never in the compiled step.

    Args:
        x: images `[N, H, W, C]`; or batches (images, labels, ...), as a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, a PyTorch `DataLoader` or a generator. Other sources are left
            to Keras, unchecked.
        y: labels of the images, integers `[N]` or `[N, 1]`, or multi-hot or soft `[N, C]`; batches
            bring their own.
        image_shape: height, width and channels that the model takes.
        num_classes: C; None where labels are no class labels, and so are not checked.

    Raises:
        InputError: images or labels of another form or value. While a `tf.data.Dataset` is
            consumed, TensorFlow wraps it; `plain_input_errors` unwraps it.
    """
    check = functools.partial(check_batch, image_shape=image_shape, num_classes=num_classes)
    if _is_a(x, "tensorflow", "data.Dataset"):
        return check_dataset(x, image_shape, num_classes), y
    if isinstance(x, keras.utils.PyDataset):
        return CheckedPyDataset(x, check), y
    if isinstance(x, types.GeneratorType):
        return (_pass_on(check, batch) for batch in x), y
    if _is_a(x, "torch", "utils.data.DataLoader"):
        loader = copy.copy(x)
        loader.collate_fn = functools.partial(_collate, x.collate_fn, check)
        return loader, y
    if y is None and (hasattr(x, "__next__") or isinstance(x, list | tuple | dict)):
        raise InputError(
            f"The data come as a {type(x).__name__}; give arrays of images and labels, or batches "
            "as a tf.data.Dataset, a keras.utils.PyDataset or a generator."
        )
    if y is not None or hasattr(x, "__array__"):
        return check((x, y))[:2]
    return x, y


def check_batch(
    batch: Any, image_shape: tuple[int, int, int], num_classes: int | None
) -> tuple[Any, ...]:
    """Returns (images, labels, ...) as the arrays that training takes, or raises `InputError`.

    Arguments are those of `check_training_data`.
    """
    if isinstance(batch, dict):
        raise InputError(f"A batch {_dictionary(batch)}")
    images, *rest = batch if isinstance(batch, tuple | list) else (batch,)
    images = check_images(_as_array(images), image_shape)
    if num_classes is None:
        return images, *rest
    if not rest or rest[0] is None:
        raise InputError("The images come without labels; training takes (images, labels).")
    labels = np.asarray(_as_array(rest[0]))
    return images, check_labels("labels", labels, len(images), num_classes, soft=True), *rest[1:]


def _dictionary(keys: dict) -> str:
    return (
        f"is a dictionary with the keys {', '.join(map(str, keys))}; it must be (images, labels), "
        "as dataset.map(lambda batch: (batch['image'], batch['label'])) makes it."
    )


def check_dataset(
    dataset: tf.data.Dataset, image_shape: tuple[int, int, int], num_classes: int | None
) -> tf.data.Dataset:
    """Returns a data set of the same batches, its types checked now, its values on the way.

    Shapes that the data set does not know, as after `tf.py_function`, are those of the model:
    labels of an unknown rank are class ids if they are integers, else multi-hot.
    """
    import tensorflow as tf

    spec = dataset.element_spec
    if isinstance(spec, dict):
        raise InputError(f"A batch of the data set {_dictionary(spec)}")
    spec = spec if isinstance(spec, tuple) else (spec,)
    seen = 1 if num_classes is None else 2
    if len(spec) < seen or not all(isinstance(part, tf.TensorSpec) for part in spec[:seen]):
        raise InputError(
            f"The data set yields {dataset.element_spec}; it must yield (images, labels)."
        )
    # Where static shapes tell, they must tell now: TensorFlow traces the model before any batch.
    if not spec[0].shape.is_compatible_with((None, *image_shape)):
        single = spec[0].shape.is_compatible_with(image_shape)
        raise InputError(
            f"The data set yields images of shape {spec[0].shape}; this hasher takes batches "
            f"(None, {', '.join(map(str, image_shape))})"
            f"{', as dataset.batch(32) makes them' if single else ''}."
        )
    if num_classes is not None:
        _check_label_spec(spec[1], num_classes)
    flat = seen == 2 and spec[1].shape.rank is None and spec[1].dtype.is_integer

    def check(*arrays):
        _, *labels = check_batch(arrays, image_shape, num_classes)
        if flat and labels[0].ndim != 1:
            raise InputError(
                f"Labels of shape {arrays[1].shape} come out of a data set that does not tell "
                "their shape; set it with tf.ensure_shape."
            )

    def pass_on(*batch):
        # In parallel, though the order stays: so that it runs ahead of the training step.
        checked = numpy_function(check, batch[:seen], [])
        with tf.control_dependencies([checked]):
            images = tf.ensure_shape(batch[0], (None, *image_shape))
        if len(batch) == 1:
            return images
        labels, *weights = batch[1:]
        if flat:
            labels = tf.reshape(labels, [-1])
        elif seen == 2 and labels.shape.rank is None:
            labels = tf.ensure_shape(labels, (None, num_classes))
        if weights and weights[0].shape.rank is None:
            weights[0] = tf.ensure_shape(weights[0], (None,))
        return images, labels, *weights

    return dataset.map(pass_on, num_parallel_calls=PARALLEL_BATCHES)


def _check_label_spec(labels: tf.TensorSpec, num_classes: int) -> None:
    """Raises `InputError` where labels of a data set can be neither class ids nor multi-hot."""
    shape = labels.shape
    class_ids = shape.is_compatible_with((None,)) or shape.is_compatible_with((None, 1))
    multi_hot = shape.is_compatible_with((None, num_classes))
    if not class_ids and not multi_hot:
        raise InputError(
            f"The data set yields labels of shape {shape}; give integers [B], or multi-hot labels "
            f"[B, {num_classes}]."
        )
    if not multi_hot and not labels.dtype.is_integer:
        raise InputError(f"The data set yields {labels.dtype.name} labels; class ids are integers.")


class CheckedPyDataset(keras.utils.PyDataset):
    """The batches of a `PyDataset`, each of them checked by the worker that makes it."""

    def __init__(self, dataset: keras.utils.PyDataset, check: Callable):
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset
        self.check = check

    @property
    def num_batches(self):
        return self.dataset.num_batches

    def __getitem__(self, index):
        return _pass_on(self.check, self.dataset[index])

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.dataset.on_epoch_end()


def _pass_on(check: Callable, batch: Any) -> Any:
    check(batch)
    return batch


def _collate(collate: Callable, check: Callable, samples: Any) -> Any:
    return _pass_on(check, collate(samples))


def _is_a(x: Any, library: str, name: str) -> bool:
    """Whether `x` is an instance of a library's class, without importing the library for it."""
    module = sys.modules.get(library)
    return module is not None and isinstance(x, operator.attrgetter(name)(module))


def _as_array(values: Any) -> Any:
    """Returns a tensor of the backend as a NumPy array, everything else as it is."""
    return keras.ops.convert_to_numpy(values) if keras.ops.is_tensor(values) else values
