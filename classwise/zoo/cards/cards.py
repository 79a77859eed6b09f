"""The cards of all that the registry holds, and docs/ZOO.md."""

from pathlib import Path

from classwise.zoo.cards.card_exports import read_exports
from classwise.zoo.cards.photo_card import photo_card
from classwise.zoo.cards.preset_card import preset_card
from classwise.zoo.cards.trunk_card import trunk_card
from classwise.zoo.cards.zoo_page import zoo_page
from classwise.zoo.presets.registry import get_trunk, presets, trunks, unknown_model


def card(name: str, bench: Path | None = None) -> str:
    """Returns the card of a preset or a trunk, as Markdown.

    Args:
        name: of either.
        bench: the folder bench/results of a checkout, whose figures of exports the card quotes and
            whose pictures it shows. Without it, it does neither.

    Raises:
        InputError: no such preset or trunk.

    Example:

    >>> "mAP@100 | 0.9121 | 0.0024" in card("dcwh_resnet9_fashion_mnist_48")
    True
    """
    if name in trunks():
        standing = [preset.name for preset in presets().values() if preset.trunk == name]
        return trunk_card(trunks()[name], standing)
    if name not in presets():
        raise unknown_model(name)
    preset = presets()[name]
    if preset.for_any_photos:
        return photo_card(preset, get_trunk(name), read_exports(bench, preset) if bench else {})
    start = preset.recipe.get("trunk")
    return preset_card(
        preset,
        get_trunk(name),
        get_trunk(start).name if start else None,
        exports=read_exports(bench, preset) if bench else {},
        pictures=bench is not None,
    )


def zoo() -> str:
    """Returns docs/ZOO.md."""
    return zoo_page(list(presets().values()), list(trunks().values()))
