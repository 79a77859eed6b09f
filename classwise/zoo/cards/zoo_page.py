"""docs/ZOO.md: all presets by data set and method, beside the figures that papers publish."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.cards.publications import AIMS, PUBLISHED, PublishedFigures
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.foundation.printing import megabytes
from classwise.zoo.methods import get_method
from classwise.zoo.presets.registry import Preset, Trunk

T = TypeVar("T")
INTRODUCTION = """\
<!-- python -m tools.publish.write_cards makes this page from the registry. -->

# The zoo

Every hasher, its size and what it measured. `zoo.load(NAME)` loads one, `classwise info NAME`
prints what is known of it, and its name here leads to its card."""
TIE_RULE = """\
**Ties.** A Hamming distance takes few values, so most of a ranking is ties. mAP here is the
expectation over all orders inside ties, in closed form, ± its standard error over queries; in
brackets what the worst and the best order give ([definitions](METRICS.md)). It is taken over the
whole database. No epoch was selected on queries, but on images carved from the training
images. Published figures come without a band, and which order inside ties they stand for is not
known here: compare them with the band, not with the expectation alone."""


RECALL = "recall@1"


def zoo_page(presets: Sequence[Preset], trunks: Sequence[Trunk]) -> str:
    """Returns the page, given all presets and all trunks."""
    parts = [INTRODUCTION, TIE_RULE]
    for dataset in in_order(preset.dataset for preset in presets):
        found = [preset for preset in presets if preset.dataset == dataset]
        facts = get_data_set(dataset)
        parts += [f"## {facts.title}", f"{facts.link}. {facts.content}"]
        parts += ["### mAP by code length", summary(found, "models")]
        methods = [get_method(name) for name in in_order(preset.method for preset in found)]
        parts += [method.published for method in methods if method.published]
        for method in methods:
            of_method = [preset for preset in found if preset.method == method.name]
            parts += [f"### {method.paper.name}: {method.paper.link}", preset_rows(of_method)]
    parts += ["## Trunks", trunk_rows(trunks, presets)]
    return "\n\n".join(parts) + "\n"


def in_order(values: Iterable[T]) -> list[T]:
    """Returns the different values, in alphabetical order."""
    return sorted(set(values))


def summary(presets: Sequence[Preset], cards: str) -> str:
    """Returns a table of mAP by code length for every data set and protocol.

    Args:
        presets: any.
        cards: path of their cards' folder from the page that shows the tables.
    """
    parts = []
    for dataset, protocol in in_order((preset.dataset, preset.protocol) for preset in presets):
        under = [preset for preset in presets if preset.protocol == protocol]
        parts.append(f"mAP on **{get_data_set(dataset).title}**, protocol `{protocol}`:")
        parts.append(by_code_length(under, (*AIMS, *PUBLISHED), cards))
    return "\n\n".join(parts)


def by_code_length(
    presets: Sequence[Preset], published: Iterable[PublishedFigures], cards: str
) -> str:
    """Returns mAP with a row for each method and trunk and each source, a column for each length.

    Args:
        presets: of one protocol.
        published: figures; those of other protocols are left out.
        cards: as in `summary`.
    """
    (protocol,) = {preset.protocol for preset in presets}
    rows: dict[tuple[str, str], dict[int, str]] = {}
    for preset in presets:
        network = f"`{preset.backbone}`, trunk [`{preset.trunk}`]({cards}/{preset.trunk}.md)"
        family = (f"**classwise**, {get_method(preset.method).paper.name}", network)
        value = preset.metrics["map"]["expected"]
        cell = f"[{value:.4f}]({cards}/{preset.name}.md)"
        rows.setdefault(family, {})[preset.code_length] = cell
    for figures in published:
        if figures.protocol == protocol:
            source = (escaped(figures.source), escaped(figures.backbone))
            rows[source] = {bits: f"{value:.4f}" for bits, value in figures.map.items()}
    lengths = sorted({bits for values in rows.values() for bits in values})
    return table(
        ["source", "backbone", *(f">{bits} bits" for bits in lengths)],
        ((*names, *(values.get(bits, "-") for bits in lengths)) for names, values in rows.items()),
    )


def preset_rows(presets: Sequence[Preset]) -> str:
    """Returns a row for each preset, by backbone and code length."""
    return table(
        [
            "preset",
            ">bits",
            "protocol",
            "mAP (worst to best order)",
            ">nearest centre, codes",
            ">Recall@1, cosine",
            ">size",
        ],
        (
            (
                f"[`{preset.name}`](models/{preset.name}.md)",
                preset.code_length,
                preset.protocol,
                mean_ap(preset),
                f"{preset.accuracy['hamming']['accuracy']:.4f}",
                f"{preset.embedding_metrics[RECALL]['value']:.4f}",
                megabytes(preset.total_bytes),
            )
            for preset in sorted(presets, key=lambda p: (p.backbone, p.protocol, p.code_length))
        ),
    )


def mean_ap(preset: Preset) -> str:
    """Returns a preset's mean average precision with its standard error and its tie band."""
    value = preset.metrics["map"]
    return (
        f"**{value['expected']:.4f}** ± {value['standard_error']:.4f} "
        f"({value['worst']:.4f} to {value['best']:.4f})"
    )


def trunk_rows(trunks: Sequence[Trunk], presets: Sequence[Preset]) -> str:
    """Returns a row for each trunk."""
    return "Backbones, each stored once for all hashers that stand on it:\n\n" + table(
        ["trunk", "backbone", "data set", ">hashers on it", ">size", "licence"],
        (
            (
                f"[`{trunk.name}`](models/{trunk.name}.md)",
                f"`{trunk.backbone}`",
                get_data_set(trunk.dataset).title,
                sum(preset.trunk == trunk.name for preset in presets),
                megabytes(trunk.bytes),
                escaped(trunk.license),
            )
            for trunk in trunks
        ),
    )
