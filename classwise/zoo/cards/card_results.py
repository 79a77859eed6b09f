"""What a preset measured, as rows of a card's tables: with tie bands, class by class."""

import numpy as np

from classwise.zoo.cards.markdown import escaped
from classwise.zoo.foundation.printing import four_digits
from classwise.zoo.presets.registry import Preset
from classwise.zoo.retrieval.metrics import metric_title

# With more classes than this a card shows the best ten and the worst ten.
ALL_CLASSES = 20
SHOWN = 10
DISTANCES = {
    "euclidean": "Euclidean, embeddings",
    "cosine": "cosine, embeddings",
    "hamming": "Hamming, codes",
}
Rows = list[tuple[str, ...]]


def results(preset: Preset) -> dict[str, Rows]:
    """Returns the rows of metrics, classes, confusions and statistics of codes."""
    return {
        "metrics": metrics(preset),
        "embeddings": embeddings(preset),
        "centers": centers(preset),
        "classes": classes(preset),
        "best_first": best_first(preset),
        "confusions": confusions(preset),
        "codes": codes(preset),
    }


def metrics(preset: Preset) -> Rows:
    """Returns each metric of the codes' ranking with its tie band."""
    return [
        (
            f"**{metric_title(name)}**" if name == "map" else metric_title(name),
            *(four_digits(v[key]) for key in ("expected", "standard_error", "worst", "best")),
        )
        for name, v in preset.metrics.items()
    ]


def embeddings(preset: Preset) -> Rows:
    """Returns each metric of the embeddings' ranking."""
    return [
        (metric_title(name), four_digits(v["value"]), four_digits(v["standard_error"]))
        for name, v in preset.embedding_metrics.items()
    ]


def centers(preset: Preset) -> Rows:
    """Returns the accuracies of the nearest class center."""
    return [
        (DISTANCES[kind], four_digits(v["accuracy"]), four_digits(v["standard_error"]))
        for kind, v in preset.accuracy.items()
    ]


def classes(preset: Preset) -> Rows:
    """Returns mean average precision and accuracy of each class."""
    values = preset.per_class
    return [
        (escaped(name), f"{ap:.4f}", f"{accuracy:.4f}")
        for name, ap, accuracy in zip(
            preset.class_names, values["map"], values["accuracy"], strict=True
        )
    ]


def best_first(preset: Preset) -> Rows:
    """Returns the rows of classes by falling mean average precision."""
    rows = classes(preset)
    return [rows[c] for c in np.argsort(-np.array(preset.per_class["map"]), kind="stable")]


def confusions(preset: Preset) -> Rows:
    """Returns which classes are taken for which others, and of how many queries."""
    names = preset.class_names
    return [(escaped(names[a]), escaped(names[b]), str(count)) for a, b, count in preset.confusions]


def codes(preset: Preset) -> Rows:
    """Returns the statistics of the database's codes."""
    found = preset.code_statistics
    imbalance, correlation = found["bit_imbalance"], found["bit_correlation"]
    distance, near = found["center_distance"], f"{found['queries_within_radius_2']:.2%}"
    return [
        ("codes", f"{found['codes']:,}"),
        ("different ones", f"{found['distinct_codes']:,}"),
        ("constant bits", str(found["constant_bits"])),
        ("distance of a bit's mean from 0.5: mean", four_digits(imbalance["mean"])),
        ("distance of a bit's mean from 0.5: largest", four_digits(imbalance["maximum"])),
        ("correlation of two bits: mean", four_digits(correlation["mean"])),
        ("correlation of two bits: largest", four_digits(correlation["maximum"])),
        ("queries with a database code within distance 2", near),
        ("distance of two class centers: smallest, in bits", str(distance["minimum"])),
        ("distance of two class centers: mean, in bits", f"{distance['mean']:.2f}"),
    ]
