"""The loss that a model was compiled with, in any of the forms that Keras takes."""

import keras

from classwise.losses import ClassWiseLoss
from classwise.zoo.foundation.errors import InputError


def only_class_wise(given, compiled) -> ClassWiseLoss | None:
    """Returns a class-wise loss, also where it came in a list or a dictionary; None for others.

    Args:
        given: the `loss` of `compile`.
        compiled: what Keras made of it and of `loss_weights`; None for no loss.

    Raises:
        InputError: a class-wise loss is one of several, or weighted, or a class and no object.
    """
    losses = keras.tree.flatten(given)
    for loss in losses:
        if isinstance(loss, type) and issubclass(loss, ClassWiseLoss):
            raise InputError(f"loss is the class {loss.__name__}; give {loss.__name__}().")
    if not any(isinstance(loss, ClassWiseLoss) for loss in losses):
        return None
    if len(losses) > 1 or compiled._user_loss_weights is not None:
        raise InputError(
            f"loss is {', '.join(getattr(loss, 'name', str(loss)) for loss in losses)}, or has "
            "loss_weights; give a class-wise loss alone, and what else is to be minimized through "
            "add_loss of a layer."
        )
    return losses[0]
