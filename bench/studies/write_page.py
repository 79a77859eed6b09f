"""Writes docs/STUDIES.md from bench/studies/results: python bench/studies/write_page.py"""

import json
import statistics
from pathlib import Path

from bench.studies.claims import claims
from bench.studies.heads import LABELS, SETTINGS
from bench.studies.unseen_page import unseen_classes
from classwise.zoo.cards.card_training import settings
from classwise.zoo.cards.markdown import table
from classwise.zoo.foundation.files import replacing_file
from classwise.zoo.methods import METHODS

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[2] / "docs" / "STUDIES.md"

INTRODUCTION = """\
# Studies

What the papers claim, and what was measured here, whatever the outcome. Every figure comes from
`bench/studies/results`; `make studies` measures what is not there and writes this page."""

FEW_CONVOLUTIONS = """\
## Few convolutional layers: vMF, DCWH and softmax

Claim (arXiv 1802.09662): a net with few convolutional layers classifies better with the vMF loss
than with softmax. Plain 3x3 convolutions on CIFAR-10, {epochs} epochs on the 50,000 training
images, accuracy on the 10,000 test images; mean and range where there are several seeds (n).
The embedding has {embedding} dimensions under every loss, the optimizer is the same, and nothing
was chosen on test images."""

FEW_SAMPLES = """\
## Few training samples

Claim (arXiv 1803.04137): class-wise hashing does well with few training samples. Protocol
`cifar10-5k-59k`: 5,000 training images, 1,000 queries, 59,000 images in the database, the training
images among them. {setting}"""

UNSEEN = """\
## Classes that nobody trained on

A quarter of the classes is held out: queries are test images of these classes, the database their
training images (protocols `cifar10-unseen` and `cifar100-unseen`, after arXiv 1609.06753).
{setting}"""

SETTING = """\
Hash layers on the pooled features of `{trunk}` at {side} x {side} pixels, the trunk as ImageNet
left it; mAP expected over ties, mean and range over {seeds} seeds. All are trained for {epochs}
epochs by one optimizer, DCWH with {dcwh}, vMF with {vmf}."""


MOSAIC = """\
## Several labels an image

Protocol `fashion-mosaic`: mosaics of one to four Fashion-MNIST garments, with a label for every
kind of garment in them. A small net of three convolutions learns from {images:,} mosaics for
{epochs} epochs under every loss, in {code_length} bits; {queries:,} queries ask the 60,000 mosaics
of the database. Relevant is what has a label in common; NDCG counts the common labels. Expected
over ties, the tie band of mAP in brackets, seed {seed}. Nothing was tuned. Targets of the
class-wise losses are uniform over an image's labels."""

MOSAIC_LABELS = {
    "sigmoid": "sigmoid for every label, sign of its linear hash layer",
    "vmf_itq": "vMF, turned by ITQ",
}


def mosaic(found: dict) -> str:
    rows = [
        [
            MOSAIC_LABELS.get(net["method"]) or METHODS[net["method"]].paper.name,
            f"{net['map']:.4f} ({net['map_band'][0]:.4f} to {net['map_band'][1]:.4f})",
            f"{net['map@5000']:.4f}",
            f"{net['ndcg@100']:.4f}",
            f"{net['distinct_codes']:,}",
        ]
        for net in found["nets"]
    ]
    head = ["loss", ">mAP", ">mAP@5000", ">NDCG@100", ">distinct codes"]
    return "\n\n".join([MOSAIC.format(**found["settings"]), table(head, rows)])


def spread(values: list[float]) -> str:
    """Returns a mean, with the range and the number of values where there are several."""
    if len(values) == 1:
        return f"{values[0]:.4f}"
    return (
        f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f}, n = {len(values)})"
    )


def few_convolutions(found: dict) -> str:
    kinds = sorted({net["convolutions"] for net in found["nets"]})
    rows, means = [], {kind: {} for kind in kinds}
    labels = {name: method.paper.name for name, method in METHODS.items()}
    labels["softmax"] = "softmax cross-entropy"
    for loss in ("vmf", "dcwh", "softmax"):
        label = labels[loss]
        by_kind = {
            kind: [
                net["accuracy"]
                for net in found["nets"]
                if (net["loss"], net["convolutions"]) == (loss, kind)
            ]
            for kind in kinds
        }
        rows.append([label, *(spread(values) if values else "-" for values in by_kind.values())])
        for kind, values in by_kind.items():
            if values:
                means[kind][label] = statistics.mean(values)
    best: dict[str, list[str]] = {}
    for kind, of_losses in means.items():
        best.setdefault(max(of_losses, key=of_losses.get), []).append(str(kind))
    highest = "; ".join(f"{label} with {', '.join(of)} convolutions" for label, of in best.items())
    return "\n\n".join(
        [
            FEW_CONVOLUTIONS.format(**found["settings"]),
            table(["loss", *(f"{kind} convolutions" for kind in kinds)], rows),
            f"The highest mean accuracy: {highest}.",
        ]
    )


def protocol_table(rows: list[dict]) -> str:
    """Returns mAP by method and code length."""
    lengths = sorted({row["code_length"] for row in rows})
    by_method = {
        method: [
            spread([found["expected"] for found in row["by_seed"]])
            for length in lengths
            for row in rows
            if (row["method"], row["code_length"]) == (method, length)
        ]
        for method in LABELS
    }
    return table(
        ["hash layer", *(f"{length} bits" for length in lengths)],
        [[LABELS[method], *values] for method, values in by_method.items()],
    )


def frozen_features(found: dict) -> str:
    losses = {method: settings(values) for method, values in SETTINGS.items()}
    setting = SETTING.format(**found, **losses)
    protocols = found["protocols"]
    parts = [FEW_SAMPLES.format(setting=setting), protocol_table(protocols["cifar10-5k-59k"])]
    parts.append(UNSEEN.format(setting=setting))
    for name in ("cifar10-unseen", "cifar100-unseen"):
        parts += [f"`{name}`:", protocol_table(protocols[name])]
    return "\n\n".join(parts)


def page(results: Path) -> str:
    """Returns the whole page; a study that has not run is left out."""
    sections = {
        "few_convolutions": few_convolutions,
        "frozen_features": frozen_features,
        "mosaic": mosaic,
        "unseen_classes": unseen_classes,
    }
    parts = [
        section(json.loads((results / f"{name}.json").read_text()))
        for name, section in sections.items()
        if (results / f"{name}.json").exists()
    ]
    return "\n\n".join([INTRODUCTION, claims(), *parts]) + "\n"


if __name__ == "__main__":
    with replacing_file(PAGE) as temporary:
        temporary.write_text(page(RESULTS), encoding="utf-8")
