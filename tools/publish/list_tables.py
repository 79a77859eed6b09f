"""The table of docs/TRAINING.md: protocols of lists, and how soon training on a long one starts."""

import json
from pathlib import Path

from classwise.zoo.cards.markdown import table
from classwise.zoo.datasets.listed_protocols import LIST_PROTOCOLS
from classwise.zoo.training.recipe_files import bundled_recipes, read_recipe


def lists_table(root: Path) -> str:
    """Returns the protocols of lists with their recipes and, where it was measured, the time."""
    recipes: dict[str, list[str]] = {}
    for name, (file, _) in bundled_recipes().items():
        files = recipes.setdefault(read_recipe(name).protocol, [])
        if file.stem not in files:
            files.append(file.stem)
    text = table(
        ["protocol", "images", ">labels", ">queries", ">database", ">training", "mAP", "recipes"],
        (
            (
                f"`{name}`",
                f"{protocol.title}; {protocol.lists}",
                str(protocol.num_classes),
                *(f"{protocol.images[role]:,}" for role in ("queries", "database", "training")),
                f"@{protocol.top_k:,}" if protocol.top_k else "of all",
                ", ".join(f"`{stem}_…`" for stem in recipes[name]),
            )
            for name, protocol in LIST_PROTOCOLS.items()
        ),
    )
    file = root / "bench" / "results" / "lists.json"
    if not file.exists():
        return text
    found = json.loads(file.read_text())
    return f"{text}\n\n" + (
        f"A list of {found['images']:,} images and {found['classes']} classes is read, checked and "
        f"digested, and its first batch decoded, in {found['seconds']['all']:.1f} seconds on "
        f"{found['machine']['cores']} cores that other work shared (`python bench/lists.py`)."
    )
