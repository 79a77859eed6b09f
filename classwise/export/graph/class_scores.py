"""The posterior of the classes, computed in the graph from embeddings and class centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError

if TYPE_CHECKING:
    from classwise.zoo import Hasher

# By the name of the loss, as it stands in the file's metadata; b and k follow as numbers.
FORMULAS = {
    "DCWHLoss": "softmax over c of b (h . mu_c - |mu_c|^2 / 2), b = {inverse_variance}",
    "VonMisesFisherLoss": "softmax over c of k (mu_c . z), k = {concentration}",
}


def has_scores(hasher: Hasher) -> bool:
    """Tells whether a hasher was compiled with a class-wise loss, which defines its posterior."""
    from classwise.losses import ClassWiseLoss

    return isinstance(getattr(hasher, "loss", None), ClassWiseLoss)


def check_scores(hasher: Hasher) -> None:
    """Raises `InputError` unless the hasher has a posterior."""
    if not has_scores(hasher):
        raise InputError(
            "Scores need the class-wise loss that the hasher was trained with; compile it first: "
            "hasher.compile(loss=losses.DCWHLoss()) or losses.VonMisesFisherLoss()."
        )


def class_scores(hasher: Hasher, embedding):
    """Computes the class posterior.

    Formula, with embeddings h or, of unit length, z, and class centres mu_c:

        DCWH    p(c | h) = softmax_c( b (h . mu_c - |mu_c|^2 / 2) )     b the inverse variance
        vMF     p(c | z) = softmax_c( k mu_c . z )                      k the concentration

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

    # Inside a layer the centres become constants of the graph; outside, a further input to it.
    layer = keras.layers.Lambda(
        posterior, output_shape=(hasher.num_classes,), dtype="float32", name="class_scores"
    )
    return layer(embedding)


def describe_scores(hasher: Hasher) -> str:
    """Returns the formula of the posterior, with its number filled in."""
    loss = hasher.loss
    formula = FORMULAS.get(type(loss).__name__, "softmax over c of the loss's logits")
    return formula.format(**loss.get_config())
