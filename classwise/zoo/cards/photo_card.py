"""The card of a hasher for any photos: what it reaches on photos of kinds that it did not learn."""

import json

from classwise.zoo.cards.card_metadata import preset_metadata
from classwise.zoo.cards.card_page import fill
from classwise.zoo.cards.card_results import metrics
from classwise.zoo.cards.foreign_images import foreign_rows
from classwise.zoo.cards.publications import BACKBONES
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.image_preparation import image_preparation
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.methods import get_method
from classwise.zoo.presets.registry import Preset, Trunk

#: What stands beside the hasher, in words, by its name in an entry.
CONTENDERS = {
    "hasher": "**this hasher**",
    "pool ITQ": "PCA + ITQ of the same pool",
    "own ITQ": "PCA + ITQ fitted to these very photos",
    "fitted": "**`classwise fit` to these very photos**",
    "trunk": "features of its trunk, floats",
}


def photo_card(preset: Preset, trunk: Trunk, exports: dict | None = None) -> str:
    """Returns the card; arguments as of `preset_card`."""
    data_set, method = get_data_set(preset.dataset), get_method(preset.method)
    papers = [method.paper, *([BACKBONES[preset.backbone]] if preset.backbone in BACKBONES else [])]
    return fill(
        "photos.md",
        name=preset.name,
        metadata=preset_metadata(preset),
        preset=preset,
        trunk=trunk,
        data_set=data_set,
        method=method,
        preparation=json.dumps(image_preparation(preset.image_shape)),
        code_bytes=-(-preset.code_length // 8),
        header=["", *(f">{judge(protocol, preset)}" for protocol in preset.beside)],
        rows=beside_rows(preset),
        metrics=metrics(preset),
        settings={k: v for k, v in preset.recipe.items() if k not in ("stages", "trunk")},
        gain=gain(preset),
        foreign_rows=foreign_rows(preset),
        exports=exports or {},
        citations=[*(paper.bibtex for paper in papers), data_set.citation],
    )


def judge(protocol: str, preset: Preset) -> str:
    """Returns which photos judge, and how many."""
    found = preset.beside[protocol]
    title = get_data_set(get_protocol(protocol).dataset).title
    return f"{title}, {found['photos']:,} photos of {found['kinds']:,} kinds"


def beside_rows(preset: Preset) -> list[tuple[str, ...]]:
    """Returns mAP and Recall@1 of every contender under every protocol."""
    return [
        (words, *(cell(found.get(name)) for found in preset.beside.values()))
        for name, words in CONTENDERS.items()
        if any(name in found for found in preset.beside.values())
    ]


def cell(figures: dict | None) -> str:
    """Returns mAP and Recall@1, a dash where they were not measured."""
    return f"{figures['map']:.3f} / {figures['recall@1']:.3f}" if figures else "-"


def gain(preset: Preset) -> str:
    """Returns what fitting to the photos themselves brings, as far as it was measured."""
    found = preset.beside[preset.protocol]
    if "fitted" not in found:
        return ""
    own, fitted = found["hasher"]["map"], found["fitted"]["map"]
    title = get_data_set(get_protocol(preset.protocol).dataset).title
    return f"on {title} it brought mAP from {own:.3f} to {fitted:.3f}"
