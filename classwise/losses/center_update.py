"""Re-estimation of class centers between epochs."""

import keras
import numpy as np

from classwise.losses.class_wise_loss import class_membership, whole
from classwise.losses.labeled_batches import (
    check_repeatable,
    embeddings_and_labels,
    first_labels,
)


class CenterUpdate(keras.callbacks.Callback):
    """Re-estimates the model's class centers at the end of every `every`-th epoch.

    - *exact*, with a data set: one pass over un-augmented images in inference mode, as in the
      papers. Costs an inference pass.
    - *streaming*, without one: from the embeddings that the training batches of the epoch
      produced. Costs nothing, lags the network by half an epoch, and sees augmented images.

    Both give `mu_c` = mean (or mean direction) of the class's embeddings, leave the center of a
    class without images as it is, and add up over the replicas of `tf.distribute`. Under a loss
    with fixed centers, such as `OrthoHashLoss`, they do nothing.

    The model holds a `ClassCenters` layer as `model.class_centers`, as `classwise.zoo.Hasher`
    does. Put this callback before those that save or score the model at the end of an epoch.

    Args:
        dataset: iterable of batches `(images, labels)` that can be iterated again and again, such
            as a batched `tf.data.Dataset` without augmentation, which ends; None for streaming.
        every: epochs between updates. Defaults to 1.

    Raises:
        ValueError: `every` is no integer or below 1, or `dataset` never ends or can be iterated
            once; as training starts, the model has no class centers, or the first batch does not
            fit the model; later, a label of `dataset` is no class of the model.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from classwise import losses, zoo
    >>> images = np.uint8([[[[1], [3]]], [[[3], [5]]], [[[7], [9]]]])
    >>> labels = np.array([0, 0, 1])
    >>> backbone = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
    >>> hasher = zoo.Hasher(backbone, code_length=2, num_classes=2)
    >>> hasher.hash_layer.set_weights([np.eye(2), np.zeros(2)])  # an embedding is the pixels
    >>> hasher.compile(keras.optimizers.SGD(0.0), losses.DCWHLoss())
    >>> exact = losses.CenterUpdate([(images, labels)])
    >>> history = hasher.fit(images, labels, verbose=0, callbacks=[exact])
    >>> hasher.class_centers.get_centers().tolist()
    [[2.0, 4.0], [7.0, 9.0]]

    Reference: arXiv 1803.04137; arXiv 1802.09662.
    """

    def __init__(self, dataset=None, every=1):
        super().__init__()
        if dataset is not None:
            check_repeatable("CenterUpdate", dataset)
        self.dataset = dataset
        self.every = whole("every", every, 1)

    def on_train_begin(self, logs=None):
        if not hasattr(self.model, "class_centers"):
            raise ValueError(
                f"CenterUpdate needs a model with class centers, such as classwise.zoo.Hasher; "
                f"{type(self.model).__name__} has no attribute class_centers."
            )
        if self.dataset is not None:
            labels = first_labels(self.model, self.dataset)
            check_classes(labels, self.model.class_centers.num_classes)

    def on_epoch_begin(self, epoch, logs=None):
        self.model.class_centers.reset_sums()

    def on_epoch_end(self, epoch, logs=None):
        fixed = getattr(getattr(self.model, "loss", None), "fixed_centers", False)
        if fixed or (epoch + 1) % self.every:
            return
        class_centers = self.model.class_centers
        if self.dataset is None:
            class_centers.update()
        else:
            class_centers.update(*class_sums(self.model, self.dataset))


def class_sums(model, dataset) -> tuple[np.ndarray, np.ndarray]:
    """Computes every class's sum of embeddings `[C, L]` and number of images `[C]`, in float64.

    Args:
        model: gives embeddings `[B, L]` for images, and holds `class_centers`.
        dataset: iterable of batches `(images, labels)`, labels integer or multi-hot.

    Raises:
        ValueError: a label is no class of the model.
    """
    num_classes = model.class_centers.num_classes
    embeddings, labels = embeddings_and_labels(model, dataset)
    check_classes(labels, num_classes)
    embeddings = embeddings.astype(np.float64)
    if labels.ndim == 2:
        membership = keras.ops.convert_to_numpy(class_membership(labels, num_classes))
        membership = membership.astype(np.float64)
        return membership.T @ embeddings, membership.sum(axis=0)
    sums = np.zeros((num_classes, embeddings.shape[1]))
    np.add.at(sums, labels, embeddings)
    return sums, np.bincount(labels, minlength=len(sums)).astype(np.float64)


def check_classes(labels: np.ndarray, num_classes: int) -> None:
    """Raises `ValueError` unless labels are class ids `[N]` in 0..C-1, or multi-hot `[N, C]`."""
    if labels.ndim == 2 and labels.shape[1] == num_classes:
        return
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"CenterUpdate's data set gives labels of type {labels.dtype} and shape {labels.shape};"
            f" it must give integers [B] or multi-hot labels [B, {num_classes}]."
        )
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if len(wrong):
        raise ValueError(
            f"CenterUpdate's data set gives the label {wrong[0]}; class ids must be integers from "
            f"0 to {num_classes - 1}."
        )
