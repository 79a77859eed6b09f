"""Evaluation of a hasher under a protocol."""

from collections.abc import Sequence

from classwise.zoo.datasets.protocols import ProtocolImages
from classwise.zoo.hasher import Hasher
from classwise.zoo.retrieval import RetrievalResult, evaluate_codes


def evaluate_hasher(
    hasher: Hasher,
    images: ProtocolImages,
    *,
    top_k: Sequence[int] | None = None,
    radius: Sequence[int] = (2,),
    verbose: str | int = "auto",
) -> RetrievalResult:
    """Computes the Hamming metrics of a hasher's codes under a protocol (docs/METRICS.md).

    Args:
        hasher: the model.
        images: a protocol's queries and database, from `get_protocol(name).load()`.
        top_k, radius: cut-offs and radii, as in `evaluate_codes`.
        verbose: progress bar, as in `keras.Model.predict`.

    Raises:
        InputError: the hasher takes images of another shape, or a cut-off is out of range.
    """
    return evaluate_codes(
        hasher.encode(images.queries.images, verbose=verbose),
        images.queries.labels,
        hasher.encode(images.database.images, verbose=verbose),
        images.database.labels,
        code_length=hasher.code_length,
        top_k=top_k,
        radius=radius,
    )
