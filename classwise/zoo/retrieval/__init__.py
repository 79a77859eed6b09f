"""Retrieval metrics from codes and embeddings. NumPy does the work; nothing here needs Keras."""

from classwise.zoo.retrieval.code_statistics import CodeStatistics, code_statistics
from classwise.zoo.retrieval.embeddings import EmbeddingResult, evaluate_embeddings
from classwise.zoo.retrieval.hamming import evaluate_codes
from classwise.zoo.retrieval.nearest_center import (
    ClassificationResult,
    classify_codes,
    classify_embeddings,
)
from classwise.zoo.retrieval.retrieval_result import (
    MetricValue,
    PrecisionRecallCurve,
    RetrievalResult,
)

__all__ = [
    "ClassificationResult",
    "CodeStatistics",
    "EmbeddingResult",
    "MetricValue",
    "PrecisionRecallCurve",
    "RetrievalResult",
    "classify_codes",
    "classify_embeddings",
    "code_statistics",
    "evaluate_codes",
    "evaluate_embeddings",
]
