"""What an evaluation shows on its report page: facts, and the images around some queries."""

from __future__ import annotations

import numpy as np

from classwise.zoo.datasets.protocols import PROTOCOLS, ProtocolImages
from classwise.zoo.evaluation.evaluate import EncodedSets, Evaluation
from classwise.zoo.evaluation.image_sets import ImageSets
from classwise.zoo.evaluation.report.evaluation_report import EvaluationReport
from classwise.zoo.presets import presets
from classwise.zoo.retrieval.neighbors import nearest_neighbors
from classwise.zoo.retrieval.pair_distances import pair_distances

SHOWN_QUERIES = 10
NEIGHBORS = 10
MAPPED = 2000
CENTER_NAMES = {
    "euclidean": "Euclidean distance",
    "cosine": "cosine similarity",
    "hamming": "Hamming",
}


def describe_evaluation(
    model: str,
    protocol: str | None,
    evaluation: Evaluation,
    sets: EncodedSets,
    images: ProtocolImages | ImageSets | None = None,
    resizing: str = "",
    words: str = "",
) -> EvaluationReport:
    """Gathers what `write_report` shows.

    Args:
        model: a preset's name or a path.
        protocol: its name, if there is one.
        evaluation, sets: the figures, and what they were measured on.
        images: what was encoded; without them, or with several labels an image, the page has no
            neighbors.
        resizing: which size they were brought to, in words.
        words: what asks and what answers, where there is no protocol.
    """
    mapped = slice(0, MAPPED)
    one_label = np.ndim(sets.query_labels) == 1
    has_map = sets.query_embeddings is not None and sets.centers is not None and one_label
    return EvaluationReport(
        title=model,
        result=evaluation.retrieval,
        protocol=protocol or "",
        protocol_description=PROTOCOLS[protocol].description if protocol in PROTOCOLS else words,
        facts={**report_facts(model), **({"resizing": resizing} if resizing else {})},
        class_names=sets.class_names or None,
        pair_distances=pair_distances(
            sets.query_codes,
            sets.query_labels,
            sets.database_codes,
            sets.database_labels,
            code_length=sets.code_length,
            leave_one_out=sets.leave_one_out,
        ),
        code_statistics=evaluation.codes,
        embedding_result=evaluation.embedding,
        beside_baselines=dict(evaluation.beside.values()),
        classifications={
            CENTER_NAMES[kind]: result for kind, result in evaluation.classification.items()
        },
        embeddings=sets.query_embeddings[mapped] if has_map else None,
        embedding_labels=sets.query_labels[mapped] if has_map else None,
        centers=sets.centers if has_map else None,
        neighbors=neighbors_of_some(sets, images) if images and one_label else None,
    )


def neighbors_of_some(sets: EncodedSets, images: ProtocolImages | ImageSets):
    """Returns queries of different classes and their nearest images, as the sheet takes them."""
    labels = sets.query_labels
    first = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)]
    shown = np.array(first[:SHOWN_QUERIES])
    count = min(NEIGHBORS, len(sets.database_codes) - sets.leave_one_out)
    found, distances = nearest_neighbors(
        sets.query_codes[shown], sets.database_codes, count + sets.leave_one_out
    )
    if sets.leave_one_out:
        kept = others(found, shown)
        found, distances = (
            values[kept].reshape(len(shown), count) for values in (found, distances)
        )
    return (
        images.queries.images[shown],
        labels[shown],
        images.database.images[found],
        sets.database_labels[found],
        distances,
    )


def others(found: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Returns which neighbors are not the query itself, one fewer in each row; bool `[Q, k]`.

    Behind many equal codes the query is not among its neighbors; then the last one goes.
    """
    kept = found != queries[:, None]
    kept[kept.all(axis=1), -1] = False
    return kept


def report_facts(model: str) -> dict[str, object]:
    """Returns what the registry knows of a preset; nothing for a file."""
    if model not in presets():
        return {}
    preset = presets()[model]
    return {
        "method": preset.method,
        "backbone": preset.backbone,
        "data set": preset.dataset,
        "code length": f"{preset.code_length} bits",
        "size": f"{preset.total_bytes / 1e6:.2f} MB",
        "seed": preset.seed,
        "license": preset.license,
    }
