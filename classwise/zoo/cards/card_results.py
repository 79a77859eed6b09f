"""What a preset measured, as a card shows it: with tie bands, class by class, in pictures."""

import numpy as np

from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.cards.pictures import PICTURES
from classwise.zoo.datasets.protocol_digests import recorded_digests
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.printing import four_digits
from classwise.zoo.presets.registry import Preset
from classwise.zoo.retrieval.metrics import metric_title

# With more classes than this a card shows the best ten and the worst ten.
ALL_CLASSES = 20
SHOWN = 10
TIE_RULE = (
    "A Hamming distance is a small integer, so a ranking is full of ties, and their order alone "
    "can move mAP by many points. *Expected* is the mean over all orders inside ties, in closed "
    "form; *worst* and *best* are what the worst and the best order give; none of them depends on "
    "the order of the database ([definitions](../METRICS.md)). The standard error is over queries."
)
DISTANCES = {
    "euclidean": "Euclidean, embeddings",
    "cosine": "cosine, embeddings",
    "hamming": "Hamming, codes",
}


def results(preset: Preset, with_pictures: bool) -> str:
    """Returns protocol, metrics, classes, confusions, statistics of codes, and pictures."""
    return "\n\n".join(
        [
            protocol(preset),
            TIE_RULE,
            metrics(preset),
            "### Embeddings and class centres",
            embeddings(preset),
            "### Class by class",
            classes(preset),
            "### Confusions",
            confusions(preset),
            "### Codes",
            codes(preset),
            *(pictures(preset) if with_pictures else ()),
        ]
    )


def protocol(preset: Preset) -> str:
    counts = {role: f"{n['images']:,}" for role, n in recorded_digests(preset.protocol).items()}
    excluded = ""
    if preset.excluded_queries:
        excluded = f" {preset.excluded_queries:,} queries without a relevant item are left out."
    return (
        f"Protocol `{preset.protocol}`: {get_protocol(preset.protocol).description} "
        f"{counts['queries']} queries, {counts['database']} database images; {counts['training']} "
        f"training and {counts['validation']} validation images. Relevant is what has the query's "
        f"class.{excluded} Again: `classwise evaluate {preset.name} --protocol {preset.protocol} "
        "--embeddings`."
    )


def metrics(preset: Preset) -> str:
    return table(
        ["Hamming ranking", ">expected", ">standard error", ">worst", ">best"],
        (
            (
                f"**{metric_title(name)}**" if name == "map" else metric_title(name),
                *(four_digits(v[key]) for key in ("expected", "standard_error", "worst", "best")),
            )
            for name, v in preset.metrics.items()
        ),
    )


def embeddings(preset: Preset) -> str:
    ranking = table(
        ["ranking by cosine similarity", ">value", ">standard error"],
        (
            (metric_title(name), four_digits(v["value"]), four_digits(v["standard_error"]))
            for name, v in preset.embedding_metrics.items()
        ),
    )
    centres = table(
        ["nearest class centre", ">accuracy", ">standard error"],
        (
            (DISTANCES[kind], four_digits(v["accuracy"]), four_digits(v["standard_error"]))
            for kind, v in preset.accuracy.items()
        ),
    )
    return f"{ranking}\n\n{centres}"


def classes(preset: Preset) -> str:
    """All classes, or of many the best and the worst, by mean average precision."""
    values = preset.per_class
    rows = [
        (escaped(name), f"{ap:.4f}", f"{accuracy:.4f}")
        for name, ap, accuracy in zip(
            preset.class_names, values["map"], values["accuracy"], strict=True
        )
    ]
    header = ["class", ">mAP", ">nearest centre, codes"]
    if len(rows) <= ALL_CLASSES:
        return table(header, rows)
    best_first = np.argsort(-np.array(values["map"]), kind="stable")
    best, worst = best_first[:SHOWN], best_first[::-1][:SHOWN]
    return (
        f"The {SHOWN} best of {len(rows)} classes:\n\n{table(header, (rows[c] for c in best))}\n\n"
        f"The {SHOWN} worst:\n\n{table(header, (rows[c] for c in worst))}"
    )


def confusions(preset: Preset) -> str:
    if not preset.confusions:
        return "The nearest class centre of a query's code is always the right one."
    names = preset.class_names
    return "Where the nearest class centre of a query's code is wrong most often:\n\n" + table(
        ["class", "taken for", ">queries"],
        ((escaped(names[a]), escaped(names[b]), count) for a, b, count in preset.confusions),
    )


def codes(preset: Preset) -> str:
    found = preset.code_statistics
    imbalance, correlation = found["bit_imbalance"], found["bit_correlation"]
    distance = found["center_distance"]
    return table(
        ["of the database codes", ">value"],
        [
            ("codes", f"{found['codes']:,}"),
            ("different ones", f"{found['distinct_codes']:,}"),
            ("constant bits", found["constant_bits"]),
            ("distance of a bit's mean from 0.5: mean", four_digits(imbalance["mean"])),
            ("distance of a bit's mean from 0.5: largest", four_digits(imbalance["maximum"])),
            ("correlation of two bits: mean", four_digits(correlation["mean"])),
            ("correlation of two bits: largest", four_digits(correlation["maximum"])),
            (
                "queries with a database code within distance 2",
                f"{found['queries_within_radius_2']:.2%}",
            ),
            ("distance of two class centres: smallest, in bits", distance["minimum"]),
            ("distance of two class centres: mean, in bits", f"{distance['mean']:.2f}"),
        ],
    )


def pictures(preset: Preset) -> list[str]:
    return [
        f"![{picture.description}]({preset.name}/{name})\n\n{picture.caption}"
        for name, picture in PICTURES.items()
    ]
