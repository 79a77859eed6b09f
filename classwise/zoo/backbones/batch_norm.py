"""What the batch normalization of a backbone normalizes by while the backbone trains."""

import keras

from classwise.zoo.foundation.errors import InputError, unknown_name

MODES = ("inference", "training")


@keras.saving.register_keras_serializable(package="classwise")
class InferenceBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization by the moving statistics that it came with, in training too.

    Its scale and offset train as any other weights; `trainable = True` above it changes nothing
    about its statistics, and it is saved as what it is.
    """

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


CLASSES = {"inference": InferenceBatchNormalization, "training": keras.layers.BatchNormalization}


def set_batch_norm(backbone: keras.Model, mode: str) -> None:
    """Lets all batch normalization of a backbone train its statistics, or leave them as they are.

    The statistics of a pretrained backbone fit its weights. The few steps of a fine-tuning cannot
    bring the moving averages to new ones, and inference would use what lies between.

    Args:
        backbone: any Keras model, with nested ones; its layers are changed in place.
        mode: `"inference"` normalizes by the moving statistics, which stay; `"training"` by those
            of the batch, which move them.

    Raises:
        InputError: another mode, or a layer of another class derived from BatchNormalization.

    Example:

    >>> backbone = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
    >>> set_batch_norm(backbone, "inference")
    >>> batch_norm_mode(backbone)
    'inference'
    """
    if mode not in MODES:
        raise unknown_name("batch_norm", mode, MODES)
    layers = batch_norm_layers(backbone)
    for layer in layers:
        if type(layer) not in CLASSES.values():
            raise InputError(
                f"batch_norm cannot be set for layer {layer.name}, a {type(layer).__name__}: leave "
                "batch_norm out, and see to its statistics in that class."
            )
    for layer in layers:
        # The layer itself becomes one of the other class, as a copy could not take its place in a
        # graph that is built, or in a subclassed model. Both have the same weights and settings.
        layer.__class__ = CLASSES[mode]


def batch_norm_mode(backbone: keras.Model) -> str | None:
    """Returns the mode of all batch normalization, None where there is none or they differ."""
    modes = {
        "inference" if isinstance(layer, InferenceBatchNormalization) else "training"
        for layer in batch_norm_layers(backbone)
    }
    return modes.pop() if len(modes) == 1 else None


def batch_norm_layers(backbone: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Returns all batch normalization, that inside nested models and layers included."""
    layers = backbone._flatten_layers()
    return [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
