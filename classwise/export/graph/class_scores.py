"""The posterior of the classes, computed in the graph from embeddings and class centers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import METHODS, method_of

if TYPE_CHECKING:
    from classwise.zoo import Hasher


def has_scores(hasher: Hasher) -> bool:
    """Tells whether a hasher was compiled with a class-wise loss, which defines its posterior."""
    from classwise.losses import ClassWiseLoss

    return isinstance(getattr(hasher, "loss", None), ClassWiseLoss)


def check_scores(hasher: Hasher) -> None:
    """Raises `InputError` unless the hasher has a posterior."""
    if not has_scores(hasher):
        losses = (f"{method.loss.partition(':')[2]}()" for method in METHODS.values())
        raise InputError(
            "Scores need the class-wise loss that the hasher was trained with; compile it first: "
            f"hasher.compile(loss=...), with {' or '.join(losses)}."
        )


def class_scores(hasher: Hasher, embedding):
    """Computes the class posterior.

    Formula: the softmax over classes c of the loss's logits; each method's is in its entry in
    `zoo.methods`.

    Args:
        hasher: compiled with a class-wise loss.
        embedding: float32 `[N, L]`, a symbolic or eager tensor.

    Returns:
        float32 `[N, C]`; rows sum to 1.
    """
    import keras

    centers = keras.ops.convert_to_numpy(hasher.class_centers.centers)

    def posterior(embedding):
        return keras.ops.softmax(hasher.loss.logits(embedding, centers), axis=-1)

    # Inside a layer the centers become constants of the graph; outside, a further input to it.
    layer = keras.layers.Lambda(
        posterior, output_shape=(hasher.num_classes,), dtype="float32", name="class_scores"
    )
    return layer(embedding)


def describe_scores(hasher: Hasher) -> str:
    """Returns the formula of the posterior, with its number filled in."""
    method = method_of(hasher.loss)
    formula = method.posterior if method else "softmax over c of the loss's logits"
    return formula.format(**hasher.loss.get_config())
