"""docs/ZOO.md: all presets by data set and method, beside the figures that papers publish."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from classwise.zoo.cards.card_page import fill
from classwise.zoo.cards.foreign_images import foreign_table
from classwise.zoo.cards.markdown import escaped
from classwise.zoo.cards.publications import AIMS, PUBLISHED, PublishedFigures
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.foundation.printing import megabytes
from classwise.zoo.methods import get_method
from classwise.zoo.presets.registry import Preset, Trunk

T = TypeVar("T")
RECALL = "recall@1"
Rows = list[tuple]


def zoo_page(presets: Sequence[Preset], trunks: Sequence[Trunk]) -> str:
    """Returns the page, given all presets and all trunks."""
    sections = []
    for dataset in in_order(preset.dataset for preset in presets):
        found = [preset for preset in presets if preset.dataset == dataset]
        by_method = {
            get_method(name): preset_rows([preset for preset in found if preset.method == name])
            for name in in_order(preset.method for preset in found)
        }
        sections.append(
            {
                "data_set": get_data_set(dataset),
                "summary": summary(found, "models"),
                "presets": by_method,
            }
        )
    return fill(
        "zoo.md",
        sections=sections,
        foreign=foreign_table(presets),
        trunks=trunk_rows(trunks, presets),
    )


def in_order(values: Iterable[T]) -> list[T]:
    """Returns the different values, in alphabetical order."""
    return sorted(set(values))


def summary(presets: Sequence[Preset], cards: str) -> str:
    """Returns a table of mAP by code length for every data set and protocol.

    Args:
        presets: any.
        cards: path of their cards' folder from the page that shows the tables.
    """
    tables = []
    for dataset, protocol in in_order((preset.dataset, preset.protocol) for preset in presets):
        under = [preset for preset in presets if preset.protocol == protocol]
        header, rows = by_code_length(under, (*AIMS, *PUBLISHED), cards)
        tables.append((get_data_set(dataset), protocol, header, rows))
    return fill("summary.md", tables=tables).rstrip("\n")


def by_code_length(
    presets: Sequence[Preset], published: Iterable[PublishedFigures], cards: str
) -> tuple[list[str], Rows]:
    """Returns the header and the rows of a table of mAP by method, trunk or source, and by length.

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
    header = ["source", "backbone", *(f">{bits} bits" for bits in lengths)]
    return header, [
        (*names, *(values.get(bits, "-") for bits in lengths)) for names, values in rows.items()
    ]


def preset_rows(presets: Sequence[Preset]) -> Rows:
    """Returns a row for each preset, by backbone and code length."""
    return [
        (
            f"[`{preset.name}`](models/{preset.name}.md)",
            preset.code_length,
            preset.protocol,
            mean_ap(preset),
            nearest(preset),
            f"{preset.embedding_metrics[RECALL]['value']:.4f}",
            megabytes(preset.total_bytes),
        )
        for preset in sorted(presets, key=lambda p: (p.backbone, p.protocol, p.code_length))
    ]


def nearest(preset: Preset) -> str:
    """Returns how often the nearest center of a code is right, a dash without classes."""
    found = preset.accuracy.get("hamming")
    return f"{found['accuracy']:.4f}" if found else "-"


def mean_ap(preset: Preset) -> str:
    """Returns a preset's mean average precision with its standard error and its tie band."""
    value = preset.metrics["map"]
    return (
        f"**{value['expected']:.4f}** ± {value['standard_error']:.4f} "
        f"({value['worst']:.4f} to {value['best']:.4f})"
    )


def trunk_rows(trunks: Sequence[Trunk], presets: Sequence[Preset]) -> Rows:
    """Returns a row for each trunk."""
    return [
        (
            f"[`{trunk.name}`](models/{trunk.name}.md)",
            f"`{trunk.backbone}`",
            get_data_set(trunk.dataset).title,
            sum(preset.trunk == trunk.name for preset in presets),
            megabytes(trunk.bytes),
            escaped(trunk.license),
        )
        for trunk in trunks
    ]
