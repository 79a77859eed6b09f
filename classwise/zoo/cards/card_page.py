"""What the cards of presets and of trunks have in common: their page and its parts."""

import json

from classwise.zoo.cards.markdown import front_matter, table
from classwise.zoo.foundation.printing import megabytes
from classwise.zoo.presets.registry import WeightFile

NOTICE = "<!-- python -m tools.publish.write_cards makes this page from the registry. -->"


def card_page(name: str, metadata: dict, sections: dict[str, str]) -> str:
    """Returns a whole page; the section without a title stands first."""
    parts = [front_matter(metadata), NOTICE, f"# `{name}`"]
    for title, text in sections.items():
        parts += [f"## {title}", text] if title else [text]
    return "\n\n".join(parts) + "\n"


def file_table(entries: list[WeightFile]) -> str:
    return table(
        ["file", ">size", "SHA-256"],
        ((f"`{entry.file}`", megabytes(entry.bytes), f"`{entry.sha256}`") for entry in entries),
    )


def colour(channels: int) -> str:
    return {1: "grey", 3: "RGB"}.get(channels, f"{channels} channels")


def python(*lines: str) -> str:
    return "\n".join(["```python", *lines, "```"])


def json_block(document: dict) -> str:
    return f"```json\n{json.dumps(document)}\n```"


def bibtex(text: str) -> str:
    return f"```bibtex\n{text}\n```"
