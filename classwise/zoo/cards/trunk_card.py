"""The card of a trunk: a backbone that hashers stand on, and can be trained from."""

from collections.abc import Sequence

from classwise.zoo.cards.card_metadata import trunk_metadata
from classwise.zoo.cards.card_page import bibtex, card_page, colour, file_table, python
from classwise.zoo.cards.card_training import (
    command,
    other_seeds,
    recipe_table,
    training_facts,
    versions,
)
from classwise.zoo.cards.markdown import escaped
from classwise.zoo.cards.publications import BACKBONES
from classwise.zoo.datasets.catalogue import get_data_set
from classwise.zoo.presets.registry import Trunk


def trunk_card(trunk: Trunk, standing: Sequence[str]) -> str:
    """Returns the card of a trunk.

    Args:
        trunk: the entry.
        standing: names of the presets whose backbone it is.
    """
    height, width, channels = trunk.image_shape
    facts = get_data_set(trunk.dataset)
    cited = [BACKBONES[trunk.backbone].bibtex] if trunk.backbone in BACKBONES else []
    sections = {
        "": (
            f"A backbone, `{trunk.backbone}`, for hashers: images in, pooled features out. It has "
            "no hash layer, so by itself it makes no codes.\n\n"
            f"{escaped(trunk.origin)} Its data set is {facts.link}. The weights are under "
            f"{escaped(trunk.license)}."
        ),
        "Use": "Train a hasher of your own images on it, or take the backbone alone:\n\n"
        + python(
            "from classwise import zoo",
            "",
            f'hasher = zoo.load("{trunk.name}", num_classes=10, code_length=32)',
            f'backbone = zoo.load_backbone("{trunk.name}")',
        )
        + "\n\n`compile` and `fit` then train it, but for the statistics of its batch "
        "normalization: see [training](../TRAINING.md).",
        "Images in": f"uint8 `[N, {height}, {width}, {channels}]`, 0 to 255, "
        f"{colour(channels)}; the convolutions take other heights and widths too "
        "(`image_shape=`). Scaling is inside the model.",
        "Data": f"{facts.content} {facts.license}",
        **({"Training": training(trunk)} if trunk.training else {}),
        "Hashers on it": ", ".join(f"[`{name}`]({name}.md)" for name in standing)
        or "None has exactly these weights.",
        "Files": file_table([trunk]),
        "Limits": f"{facts.biases} Hashers on it inherit all of this.",
        "Citation": bibtex("\n\n".join([*cited, facts.citation])),
    }
    return card_page(trunk.name, trunk_metadata(trunk), sections)


def training(trunk: Trunk) -> str:
    course = f"{training_facts(trunk)}{other_seeds(trunk)} Again: `{command(trunk)}`."
    return "\n\n".join([course, recipe_table(trunk), versions(trunk)])
