"""Evaluation of a model under a protocol, or of codes from a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from classwise.zoo.datasets.image_classes import in_one_numbering
from classwise.zoo.datasets.image_stream import batches_of
from classwise.zoo.datasets.labeled_images import ImageSource
from classwise.zoo.datasets.protocols import ProtocolImages
from classwise.zoo.encoding.encoders import Encoder
from classwise.zoo.evaluation.beside_baselines import Contender, beside_baselines
from classwise.zoo.evaluation.encoder_with_material import EncoderWithMaterial
from classwise.zoo.evaluation.image_sets import ImageSets
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import nearest_center_distance
from classwise.zoo.retrieval import (
    ClassificationResult,
    CodeStatistics,
    EmbeddingResult,
    RetrievalResult,
    classify_codes,
    classify_embeddings,
    code_statistics,
    evaluate_codes,
    evaluate_embeddings,
)

BATCH_SIZE = 256


@dataclasses.dataclass(frozen=True, repr=False)
class EncodedSets:
    """Codes of queries and database, and what else is known of them.

    Args:
        query_codes, database_codes: packed, uint8 `[Q, ceil(L / 8)]` and `[N, ceil(L / 8)]`.
        query_labels, database_labels: class ids, or multi-hot labels.
        code_length: bits L; None if every bit of the bytes counts.
        query_embeddings, database_embeddings: float32, None where only codes are known.
        centers: class centers `[C, L]`, None where unknown, or where the protocol's queries are
            of other classes than those.
        distance: by which embeddings find their nearest class center: "euclidean" or "cosine".
        class_names: by class id, empty where unknown.
        leave_one_out: whether the queries are the database, and every one asks all the others.
        material: what baselines are made of, of the same images; see `EncoderWithMaterial`. None
            where the codes stand alone.
        group: images a class, where the score of UKBench is wanted.
        recall_at: cut-offs of R@K of embeddings and beside baselines. Defaults to those of 1, 2, 4
            and 8 that the database can fill.
        clusters: whether NMI is wanted, too.
        foreign: how foreign each of all images looks to the model; None where it cannot tell.
    """

    query_codes: np.ndarray
    query_labels: np.ndarray
    database_codes: np.ndarray
    database_labels: np.ndarray
    code_length: int | None = None
    query_embeddings: np.ndarray | None = None
    database_embeddings: np.ndarray | None = None
    centers: np.ndarray | None = None
    distance: str = "euclidean"
    class_names: tuple[str, ...] = ()
    leave_one_out: bool = False
    material: Mapping[str, np.ndarray] | None = None
    group: int | None = None
    recall_at: tuple[int, ...] | None = None
    clusters: bool = True
    foreign: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Everything measured of `EncodedSets`; what does not apply is None or empty."""

    retrieval: RetrievalResult
    codes: CodeStatistics
    classification: dict[str, ClassificationResult]
    embedding: EmbeddingResult | None
    beside: dict[str, Contender] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict:
        """Returns all figures as JSON types; the retrieval metrics stand at the top."""
        beside = {name: found.to_dict() for name, found in self.beside.items()}
        return {
            **self.retrieval.to_dict(),
            "code_statistics": self.codes.to_dict(),
            "classification": {kind: c.to_dict() for kind, c in self.classification.items()},
            "embedding": self.embedding and self.embedding.to_dict(),
            **({"beside_baselines": beside} if beside else {}),
        }


def encode_protocol(
    encoder: Encoder,
    images: ProtocolImages | ImageSets,
    progress: Callable[[int], None] | None = None,
) -> EncodedSets:
    """Encodes queries and database, batch by batch.

    Images of another size than the model takes are resized as `read_images` resizes files. Where a
    model knows their classes, labels are numbered as it numbers them.

    Args:
        encoder: the model, from `open_encoder`.
        images: from `get_protocol(name).load()`, or one's own.
        progress: called with the number of images of every batch done.

    Raises:
        InputError: the model takes images of neither 1 nor 3 channels.
    """
    images = images.resized(encoder.image_shape)
    leave_one_out = images.database is images.queries
    asking = _encode(encoder, images.queries.images, progress)
    answering = asking if leave_one_out else _encode(encoder, images.database.images, progress)
    hasher = getattr(encoder, "hasher", None)
    known = hasher.class_names if hasher is not None else None
    queries, database = in_one_numbering(images.queries, images.database, known)
    foreign = None
    if "foreign" in asking:
        every = (asking,) if leave_one_out else (asking, answering)
        foreign = np.concatenate([each["foreign"] for each in every])
    centers = None
    if hasher is not None and known == queries.class_names:
        centers = np.asarray(hasher.class_centers.get_centers())
    alone = images.protocol if isinstance(images, ProtocolImages) and leave_one_out else None
    return EncodedSets(
        asking["codes"],
        queries.known_labels,
        answering["codes"],
        database.known_labels,
        encoder.code_length,
        asking.get("embeddings"),
        answering.get("embeddings"),
        centers,
        EncodedSets.distance if hasher is None else nearest_center_distance(hasher),
        queries.class_names,
        leave_one_out,
        encoder.material(asking) if isinstance(encoder, EncoderWithMaterial) else None,
        alone and alone.group,
        alone and tuple(k for k in alone.recall_at if k < len(images.queries)),
        alone is None or alone.clusters,
        foreign,
    )


def _encode(encoder: Encoder, images: np.ndarray | ImageSource, progress) -> dict[str, np.ndarray]:
    parts: list[dict[str, np.ndarray]] = []
    for batch in batches_of(images, BATCH_SIZE):
        parts.append(encoder.encode_batch(batch))
        if progress is not None:
            progress(len(batch))
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def evaluate_sets(
    sets: EncodedSets,
    *,
    top_k: Sequence[int] | None = None,
    radius: Sequence[int] | None = None,
    divisor: str = "min",
    embeddings: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Computes the metrics of docs/METRICS.md.

    Args:
        sets: from `encode_protocol`, `read_code_file` or `read_code_pair`.
        top_k, radius, divisor, progress: as in `evaluate_codes`.
        embeddings: whether to rank the embeddings by cosine too, which takes a minute for 60,000
            database items. Defaults to False.

    Raises:
        InputError: codes, labels or cut-offs do not fit; embeddings are asked for but unknown.
    """
    if embeddings and sets.database_embeddings is None:
        raise InputError("Embedding metrics were asked for, but only codes are known.")
    retrieval = evaluate_codes(
        sets.query_codes,
        sets.query_labels,
        sets.database_codes,
        sets.database_labels,
        leave_one_out=sets.leave_one_out,
        code_length=sets.code_length,
        top_k=top_k,
        radius=radius,
        divisor=divisor,
        progress=progress,
    )
    center_codes = None if sets.centers is None else pack_codes(sets.centers)
    return Evaluation(
        retrieval,
        code_statistics(
            sets.database_codes,
            query_codes=sets.query_codes,
            leave_one_out=sets.leave_one_out,
            center_codes=center_codes,
            code_length=sets.code_length,
        ),
        _classify(sets, center_codes),
        evaluate_embeddings(
            sets.query_embeddings,
            sets.query_labels,
            sets.database_embeddings,
            sets.database_labels,
            leave_one_out=sets.leave_one_out or None,
            recall_at=sets.recall_at,
            nmi=sets.clusters,
        )
        if embeddings
        else None,
        beside_baselines(
            sets.query_codes,
            sets.code_length,
            sets.query_embeddings,
            sets.query_labels,
            sets.material,
            sets.group,
            sets.recall_at,
            sets.clusters,
        )
        if sets.material is not None
        else {},
    )


def _classify(
    sets: EncodedSets, center_codes: np.ndarray | None
) -> dict[str, ClassificationResult]:
    """The nearest class center of embeddings, and of codes, for queries of one label each."""
    several = np.ndim(sets.query_labels) == 2
    if center_codes is None or sets.query_embeddings is None or several:
        return {}
    return {
        sets.distance: classify_embeddings(
            sets.query_embeddings, sets.query_labels, sets.centers, metric=sets.distance
        ),
        "hamming": classify_codes(
            sets.query_codes, sets.query_labels, center_codes, code_length=sets.code_length
        ),
    }
