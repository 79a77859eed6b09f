"""The card of a trunk: a backbone that hashers stand on, and can be trained from."""

from collections.abc import Sequence

from classwise.zoo.cards.card_metadata import trunk_metadata
from classwise.zoo.cards.card_page import fill
from classwise.zoo.cards.publications import BACKBONES
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.presets.registry import Trunk


def trunk_card(trunk: Trunk, standing: Sequence[str]) -> str:
    """Returns the card of a trunk.

    Args:
        trunk: the entry.
        standing: names of the presets whose backbone it is.
    """
    data_set = get_data_set(trunk.dataset)
    cited = [BACKBONES[trunk.backbone].bibtex] if trunk.backbone in BACKBONES else []
    return fill(
        "trunk.md",
        name=trunk.name,
        metadata=trunk_metadata(trunk),
        trunk=trunk,
        data_set=data_set,
        standing=standing,
        citations=[*cited, data_set.citation],
    )
