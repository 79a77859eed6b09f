"""Markdown, written so that no value can break out of its place."""

import re
from collections.abc import Iterable, Sequence

# What begins emphasis, code, a link, HTML, a cell or an entity anywhere in a line.
SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$])")


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
