"""What hashers make of images that are foreign to them, as rows of tables."""

from collections.abc import Sequence

from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.presets.registry import Preset

#: Photos that a hasher of few classes should not hash in silence.
PHOTOS = "caltech101-unseen"
COLUMNS = ("foreign", "unusual", "told")
Rows = list[tuple[str, ...]]


def foreign_rows(preset: Preset) -> Rows:
    """Returns how many images of each kind look foreign, its own first; none without figures."""
    found = preset.foreign
    if not found:
        return []
    every = [("**its own:** ", *each) for each in found["own"].items()]
    every += [("", *each) for each in found["others"].items()]
    return [
        (mark + title(name), f"{shares['images']:,}", *(percent(shares[key]) for key in COLUMNS))
        for mark, name, shares in every
    ]


def foreign_table(presets: Sequence[Preset]) -> Rows:
    """Returns a row for each data set and backbone whose hashers tell: the least and the most."""
    families: dict[tuple[str, str], list[Preset]] = {}
    for preset in presets:
        if preset.tells_foreign and PHOTOS in preset.foreign["others"]:
            families.setdefault((preset.dataset, preset.backbone), []).append(preset)
    return [
        (
            get_data_set(dataset).title,
            f"`{backbone}`",
            between([each.foreign["own"][each.protocol]["foreign"] for each in family]),
            *(between([each.foreign["others"][PHOTOS][key] for each in family]) for key in COLUMNS),
        )
        for (dataset, backbone), family in sorted(families.items())
    ]


def title(protocol: str) -> str:
    """Returns the title of a protocol's data set."""
    return get_data_set(get_protocol(protocol).dataset).title


def percent(share: float) -> str:
    """Returns a share as a card shows it.

    Example:

    >>> percent(0.0085), percent(1.0)
    ('0.9%', '100.0%')
    """
    return f"{share:.1%}"


def between(shares: Sequence[float]) -> str:
    """Returns the least and the most of some shares."""
    least, most = percent(min(shares)), percent(max(shares))
    return least if least == most else f"{least} to {most}"
