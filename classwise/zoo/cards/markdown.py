"""Markdown and the YAML block above it, written so that no value can break out of its place."""

import json
import re
from collections.abc import Iterable, Sequence

# What begins emphasis, code, a link, HTML, a cell or an entity anywhere in a line.
SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")
# What YAML reads as text without quotes, whatever follows.
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
NO_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def escaped(text: object) -> str:
    """Returns text that Markdown shows as it is, on one line.

    Example:

    >>> escaped("aquarium_fish | <b>")
    'aquarium\\\\_fish \\\\| \\\\<b\\\\>'
    """
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Returns a table of Markdown cells; columns named with a leading ">" are set flush right.

    Example:

    >>> print(table(["name", ">bits"], [("`a`", 48)]))
    | name | bits |
    |---|---:|
    | `a` | 48 |
    """
    rule = "|".join("---:" if name.startswith(">") else "---" for name in header)
    lines = [[name.removeprefix(">") for name in header], *rows]
    first, *others = ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
    return "\n".join([first, f"|{rule}|", *others])


def front_matter(values: dict) -> str:
    """Returns the block of YAML that model hubs read at the top of a card.

    Args:
        values: dicts, lists, texts, finite numbers and booleans; none of the lists holds a list.

    Example:

    >>> print(front_matter({"license": "apache-2.0", "tags": ["image: retrieval", "keras"]}))
    ---
    license: apache-2.0
    tags:
      - "image: retrieval"
      - keras
    ---
    """
    return "\n".join(["---", *_yaml_lines(values), "---"])


def _yaml_lines(values: dict | list) -> list[str]:
    lines = []
    entries = values.items() if isinstance(values, dict) else ((None, value) for value in values)
    for key, value in entries:
        if not isinstance(value, dict | list):
            below, scalar = [], _scalar(value)
        else:
            below, scalar = _yaml_lines(value), ""
        if key is not None:
            lines.append(f"{_scalar(key)}: {scalar}".rstrip())
            lines += ["  " + line for line in below]
        else:
            first, *rest = below or [scalar]
            lines += [f"- {first}", *("  " + line for line in rest)]
    return lines


def _scalar(value: object) -> str:
    """Returns a text without quotes where that is safe; JSON's scalars are also YAML's."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NO_TEXT:
        return value
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # YAML 1.1 reads 1e-05 as text, and 1.0e-05 as a number.
    return re.sub(r"^(-?\d+)e", r"\1.0e", text)
