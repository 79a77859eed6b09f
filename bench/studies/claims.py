"""The table of docs/STUDIES.md that goes through both papers' abstracts, sentence by sentence."""

import json
import statistics
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.cards.markdown import table
from classwise.zoo.methods import get_method
from classwise.zoo.presets import presets

ROOT = Path(__file__).parents[2]

INTRODUCTION = """\
## What the papers claim, sentence by sentence

The abstracts of both papers, each sentence in other words, beside what was measured here or the
command that measures it where the images lie."""

OPEN = "Not measured here."
LISTS = (
    "`classwise train {method}_efficientnet_lite0_{protocol}_48 --lists training.txt "
    "--root DIR`, then `classwise evaluate RUN/hasher.keras --queries queries.txt "
    "--database database.txt --root DIR --protocol {protocol}`"
)
RIVALS = (
    "Rivals: [on equal terms](RIVALS.md); `classwise train RECIPE --method orthohash` or `csq` "
    "trains two of them."
)


def read(path: str) -> dict:
    """Returns a file of figures, or nothing where it was not measured."""
    file = ROOT / path
    return json.loads(file.read_text()) if file.exists() else {}


def best(method: str) -> str:
    """Says the highest mAP of a method's presets under every protocol."""
    found: dict[str, tuple[float, int]] = {}
    for preset in presets().values():
        if preset.method == method:
            reached = preset.metrics["map"]["expected"], preset.code_length
            found[preset.protocol] = max(found.get(preset.protocol, (0.0, 0)), reached)
    told = [f"{value:.3f} under `{p}` ({bits} bits)" for p, (value, bits) in sorted(found.items())]
    return f"mAP {', '.join(told)}: [results](RESULTS.md)."


def step_cost(method: str) -> str:
    """Says what an epoch costs beside softmax."""
    ratio = read("bench/results/training.json").get("ratio_to_softmax", {}).get(method)
    if ratio is None:
        return OPEN
    return f"An epoch takes {ratio:.2f} times that of softmax (`python bench/training.py`)."


def re_estimated(method: str) -> str:
    """Says what re-estimated centers are worth beside fixed ones."""
    bits = read("bench/results/fine_tuning.json").get("bits", {})
    told = [
        f"{found['fixed_centers']['map']:.3f} with centers that stay and "
        f"{found['tutorial']['frozen']['map']:.3f} with re-estimated ones at {length} bits"
        for length, found in bits.items()
    ]
    return (
        f"Of a {get_method(method).paper.name} hash layer on a trunk that stays, mAP "
        f"{', '.join(told)} (`python bench/studies/fine_tuning.py FOLDER`)."
        if told
        else OPEN
    )


def few_samples() -> str:
    """Says what DCWH reaches with 5,000 training images beside the best other hash layer."""
    rows = read("bench/studies/results/frozen_features.json").get("protocols", {})
    told = []
    for length in sorted({row["code_length"] for row in rows.get("cifar10-5k-59k", [])}):
        means = {
            row["method"]: statistics.mean(seed["expected"] for seed in row["by_seed"])
            for row in rows["cifar10-5k-59k"]
            if row["code_length"] == length
        }
        other = max((m for m in means if m != "dcwh"), key=means.__getitem__)
        told.append(f"{means['dcwh']:.3f} at {length} bits (`{other}` {means[other]:.3f})")
    if not told:
        return OPEN
    return (
        f"mAP with 5,000 training images on features that stay: {', '.join(told)}, beside the best "
        "other hash layer there; the next section but one. " + RIVALS
    )


def few_convolutions() -> str:
    """Says what vMF and softmax reach with few convolutions."""
    nets = read("bench/studies/results/few_convolutions.json").get("nets", [])
    told = []
    for kind in sorted({net["convolutions"] for net in nets}):
        means = {
            loss: statistics.mean(
                net["accuracy"]
                for net in nets
                if (net["loss"], net["convolutions"]) == (loss, kind)
            )
            for loss in ("vmf", "softmax")
        }
        told.append(f"vMF {means['vmf']:.3f}, softmax {means['softmax']:.3f} with {kind}")
    if not told:
        return OPEN
    return f"Accuracy on CIFAR-10: {'; '.join(told)} convolutions. Not confirmed: the next section."


def dcwh_rows() -> Iterator[tuple[str, str]]:
    """Yields every sentence of the abstract of arXiv 1803.04137, and what was measured of it."""
    yield "Deep supervised hashing serves semantic retrieval in large sets of images.", best("dcwh")
    yield (
        "Networks that hash usually learn from pairs or triplets of images.",
        "A statement about others; nothing here learns from pairs.",
    )
    yield (
        "Likeness of pairs hardly tells complex concepts, which limits retrieval.",
        f"{OPEN} Images of several labels: " + LISTS.format(method="dcwh", protocol="coco") + ".",
    )
    yield (
        "Losses of pairs and triplets are expensive to train and poor in meaning.",
        step_cost("dcwh") + " Pairs were not trained.",
    )
    yield "Compact codes can be learned that keep the likeness of classes.", best("dcwh")
    yield (
        "Labels supervise directly, as in deep metric learning.",
        "So does every training here; with rows of several labels, too (`--lists`).",
    )
    yield (
        "A cubic constraint on Gaussian classes keeps variation within a class and penalizes "
        "overlap.",
        OPEN + " A recipe with `loss = { cubic_weight = 0 }` in its stages measures it: "
        "`classwise train mine.toml`.",
    )
    yield (
        "Optimization in two steps is efficient, and gradients do not vanish.",
        f"{OPEN} The recipes have both steps; one without `vertex_weight` measures the second: "
        "`classwise train mine.toml`.",
    )
    yield (
        "Retrieval on four large databases is at the state of the art.",
        f"{best('dcwh')} ImageNet and NUS-WIDE were not at hand: "
        f"{LISTS.format(method='dcwh', protocol='imagenet100')}; `nuswide21` alike. {RIVALS}",
    )
    yield "With few training samples it is ahead of other supervised hashing.", few_samples()


def vmf_rows() -> Iterator[tuple[str, str]]:
    """Yields every sentence of the abstract of arXiv 1802.09662, and what was measured of it."""
    yield "Deep metric learning does well in many tasks.", "A statement about others."
    yield (
        "Embeddings of unit length improve several such methods.",
        f"{OPEN} `classwise evaluate MODEL --embeddings` ranks by cosine.",
    )
    yield (
        "On a sphere, Euclidean distance is no accurate measure.",
        f"{OPEN} Of unit vectors both rank alike; the difference is in the loss.",
    )
    yield (
        "Losses of tuples need data in a format of their own, and work to make it.",
        f"Nothing here makes tuples. {step_cost('vmf')}",
    )
    yield (
        "Such losses see few samples, and so nothing of the whole embedding.",
        "Centers are re-estimated from all images; see the row after the next but one.",
    )
    yield (
        "Cosine similarity attenuates the curse of dimensionality.",
        f"{OPEN} `classwise train vmf_resnet9_fashion_mnist_16` to `_64`, then `classwise evaluate "
        "RUN/hasher.keras --protocol fashion-mnist-full --embeddings`.",
    )
    yield "A loss of von Mises-Fisher classes learns a compact sphere.", best("vmf")
    yield "An alternating algorithm captures the whole of the embedding.", re_estimated("dcwh")
    yield (
        "Classification and retrieval on standard sets are at the state of the art, by simpler "
        "training.",
        f"{best('vmf')} {RIVALS}",
    )
    yield (
        "Even with few convolutions it classifies much better than softmax.",
        few_convolutions(),
    )


def claims() -> str:
    """Returns the section: a table for each paper."""
    parts = [INTRODUCTION]
    for title, rows in (
        ("Deep Class-Wise Hashing (arXiv 1803.04137)", dcwh_rows),
        ("Directional Statistics-based Deep Metric Learning (arXiv 1802.09662)", vmf_rows),
    ):
        parts += [f"**{title}**", table(["claimed", "here"], rows())]
    return "\n\n".join(parts)
