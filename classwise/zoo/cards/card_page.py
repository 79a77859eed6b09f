"""Pages of Markdown, filled from the templates in `page/`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from classwise.zoo.cards.card_exports import precision_rows, speeds
from classwise.zoo.cards.card_training import (
    command,
    data_dir,
    learned_statistics,
    on_device,
    recipe_rows,
    seeds,
)
from classwise.zoo.cards.markdown import escaped, table
from classwise.zoo.foundation.printing import four_digits, megabytes
from classwise.zoo.foundation.templates import templates
from classwise.zoo.presets.registry import WeightFile

if TYPE_CHECKING:
    import jinja2


def fill(template: str, **values) -> str:
    """Returns a page.

    Args:
        template: its file in `page/`.
        values: what the template shows. Texts that Markdown may misread go through its filter `md`.
    """
    return pages().get_template(template).render(values)


@cache
def pages() -> jinja2.Environment:
    """Returns the templates, which know how numbers and tables are written."""
    environment = templates(__package__)
    environment.globals |= {"table": table, "file_rows": file_rows}
    environment.filters |= {
        "md": escaped,
        "four": four_digits,
        "thousands": lambda value: f"{value:,.0f}",
        "megabytes": megabytes,
        "channels": channels,
        "command": command,
        "data_dir": data_dir,
        "on_device": on_device,
        "recipe_rows": recipe_rows,
        "seeds": seeds,
        "learned_statistics": learned_statistics,
        "precision_rows": precision_rows,
        "speeds": speeds,
        "pool_row": pool_row,
    }
    return environment


def file_rows(entries: Sequence[WeightFile]) -> list[tuple[str, ...]]:
    """Returns file, size and checksum of each entry."""
    return [(f"`{e.file}`", megabytes(e.bytes), f"`{e.sha256}`") for e in entries]


def pool_row(pool: dict) -> tuple[str, ...]:
    """Returns a pool's name, its photos, how many were learned from, its commit and its license."""
    name = f"[{pool['name']}]({pool['source']}): {pool['content']}"
    counts = f"{pool['photos']:,}", f"{pool['learned']:,}"
    return name, *counts, f"`{pool['commit'][:8]}`", pool["license"]


def channels(count: int) -> str:
    """Returns what the channels of an image are.

    Example:

    >>> channels(3), channels(4)
    ('RGB', '4 channels')
    """
    return {1: "grey", 3: "RGB"}.get(count, f"{count} channels")
