"""The card of a preset: everything about it on one page, made from the registry alone."""

import json

from classwise.zoo.cards.card_metadata import preset_metadata
from classwise.zoo.cards.card_page import fill
from classwise.zoo.cards.card_results import ALL_CLASSES, SHOWN, results
from classwise.zoo.cards.foreign_images import foreign_rows
from classwise.zoo.cards.pictures import PICTURES
from classwise.zoo.cards.publications import BACKBONES
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.image_preparation import image_preparation
from classwise.zoo.datasets.protocol_digests import recorded_digests
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.methods import get_method
from classwise.zoo.presets.registry import Preset, Trunk


def preset_card(
    preset: Preset,
    trunk: Trunk,
    started_from: str | None = None,
    exports: dict | None = None,
    pictures: bool = True,
) -> str:
    """Returns the card of a preset.

    Args:
        preset: the entry.
        trunk: the entry of its backbone's weights.
        started_from: name of the trunk that its training began with; None for random weights.
        exports: what `read_exports` knows of its exports.
        pictures: whether the card shows them, from a folder beside it. Defaults to True.
    """
    data_set, method = get_data_set(preset.dataset), get_method(preset.method)
    papers = [method.paper, *([BACKBONES[preset.backbone]] if preset.backbone in BACKBONES else [])]
    counts = recorded_digests(preset.protocol)
    return fill(
        "preset.md",
        name=preset.name,
        metadata=preset_metadata(preset),
        preset=preset,
        trunk=trunk,
        started_from=started_from,
        data_set=data_set,
        method=method,
        preparation=json.dumps(image_preparation(preset.image_shape)),
        code_bytes=-(-preset.code_length // 8),
        protocol=get_protocol(preset.protocol),
        counts={role: found["images"] for role, found in counts.items()},
        results=results(preset),
        all_classes=ALL_CLASSES,
        shown_classes=SHOWN,
        pictures=PICTURES if pictures else {},
        foreign_rows=foreign_rows(preset),
        exports=exports or {},
        citations=[*(paper.bibtex for paper in papers), data_set.citation],
    )
