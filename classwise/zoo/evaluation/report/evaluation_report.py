"""What a report of an evaluation is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.printing import printable
from classwise.zoo.retrieval.code_statistics import CodeStatistics
from classwise.zoo.retrieval.embeddings import EmbeddingResult
from classwise.zoo.retrieval.leave_one_out import LeaveOneOutResult
from classwise.zoo.retrieval.nearest_center import ClassificationResult
from classwise.zoo.retrieval.retrieval_result import RetrievalResult


@dataclass(frozen=True)
class EvaluationReport:
    """Everything that `write_report` shows; only a title and a result are needed.

    Args:
        title: of the page, such as the name of the preset or file.
        result: of `evaluate_codes`.
        protocol: its name, such as "cifar10-full"; protocol_description: one sentence.
        facts: of the model, in the order to show, such as `{"backbone": "resnet20"}`.
        class_names: by class id; without them the ids are shown.
        pair_distances: of `pair_distances`: same-class and different-class pairs by distance.
        code_statistics: of `code_statistics`.
        embedding_result: of `evaluate_embeddings`.
        beside_baselines: of `evaluate_leave_one_out`, by title: of the model, then of baselines.
        classifications: by the kind of nearest center, such as `{"Hamming": ...}`; the confusion
            matrix shown is that of the first.
        embeddings, embedding_labels, centers: floats `[N, L]`, class ids `[N]` and floats
            `[C, L]` for the map of the embedding (of two bits and more) and the distances of the
            binarized centers.
        neighbors: the first five arguments of `figures.neighbor_sheet`.

    Raises:
        InputError: only some of embeddings, embedding_labels and centers are given.
    """

    title: str
    result: RetrievalResult
    protocol: str = ""
    protocol_description: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    class_names: Sequence[str] | None = None
    pair_distances: tuple[np.ndarray, np.ndarray] | None = None
    code_statistics: CodeStatistics | None = None
    embedding_result: EmbeddingResult | None = None
    beside_baselines: Mapping[str, LeaveOneOutResult] = field(default_factory=dict)
    classifications: Mapping[str, ClassificationResult] = field(default_factory=dict)
    embeddings: np.ndarray | None = None
    embedding_labels: np.ndarray | None = None
    centers: np.ndarray | None = None
    neighbors: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None

    def __post_init__(self):
        # Names of files and folders may hold bytes that are no text, which neither a page nor a
        # figure can show.
        object.__setattr__(self, "title", printable(self.title))
        if self.class_names is not None:
            object.__setattr__(self, "class_names", tuple(map(printable, self.class_names)))
        given = [self.embeddings is None, self.embedding_labels is None, self.centers is None]
        if len(set(given)) > 1:
            raise InputError(
                "Of embeddings, embedding_labels and centers only some are given; the map of the "
                "embedding needs all three."
            )
