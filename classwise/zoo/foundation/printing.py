"""What commands print: JSON for machines on stdout, tables for people, notes on stderr."""

import json
import math
import re
import sys
from collections.abc import Iterable, Sequence

#: Characters of a line that a table can have without breaking names.
ROOM = 80
# In the address of a database, and in its other form, "host=... password=...".
PASSWORD = re.compile(r"(://[^\s:/@]*:)\S*(?=@)|(password\s*=\s*)('[^']*'|\S+)")
# Control characters, ends of lines, turns of the direction of writing, halves of characters.
UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def print_json(document) -> None:
    """Prints one JSON document on stdout."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # The bytes of a file's name that are no UTF-8 stay what they are, as JSON writes them.
    print(re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text))


def print_note(text: str) -> None:
    """Prints what happens to stderr, so that stdout stays a result."""
    print(*map(printable, text.split("\n")), sep="\n", file=sys.stderr, flush=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Prints a table on stdout.

    Columns named with a leading ">" are set flush right and are not broken into lines; nor is the
    first column where there is room. What is no terminal gets every row on one line. In a terminal
    where a row has no room, its cells stand below each other.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(
        title=escape(printable(title)),
        title_justify="left",
        header_style="bold",
        show_header=any(columns),
    )
    for number, column in enumerate(columns):
        right = column.startswith(">")
        table.add_column(
            column.lstrip(">"),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right or (number == 0 and console.width >= ROOM),
        )
    for row in rows:
        table.add_row(*(escape(printable(str(cell))) for cell in row))
    width = console.measure(table, options=console.options.update(width=sys.maxsize))
    if not console.is_terminal:
        console.width = max(console.width, width.maximum)
    console.on_broken_pipe = raise_again
    console.print(table if width.minimum <= console.width else stacked(table))


def stacked(table):
    """Returns the rows of a rich table as blocks of lines, a cell each, for narrow screens."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    names = [column.header for column in table.columns]
    lines = [Text.from_markup(table.title, style="italic")] if table.title else []
    for first, *others in zip(*(column.cells for column in table.columns), strict=True):
        lines.append(Text.from_markup(first, style="bold"))
        for name, cell in zip(names[1:], others, strict=True):
            if cell:
                text = Text.from_markup(f"{name}: {cell}" if name else cell)
                lines.append(Padding(text, (0, 0, 0, 2), expand=False))
    return Group(*lines)


def raise_again() -> None:
    """Lets a closed pipe end in `main`; rich would exit with 1, which says that a result failed."""
    raise sys.exception()


def counted(count: int, noun: str) -> str:
    """Returns a number and what it counts.

    Example:

    >>> counted(1, "file"), counted(1200, "image")
    ('1 file', '1,200 images')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def megabytes(size: int) -> str:
    """Returns a size as text, in units of 1,000,000 bytes."""
    return f"{size / 1e6:.2f} MB"


def four_digits(value: float | None) -> str:
    """Returns a value with four digits behind the point, a dash where there is none.

    Example:

    >>> four_digits(0.98765), four_digits(None), four_digits(float("nan"))
    ('0.9877', '-', '-')
    """
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


def without_passwords(text: str) -> str:
    """Returns a text with three stars in place of passwords of databases.

    Example:

    >>> without_passwords("postgresql://me:sec@ret@db/photos, host=db password=secret")
    'postgresql://me:***@db/photos, host=db password=***'
    """
    return PASSWORD.sub(lambda match: f"{match[1] or match[2]}***", text)


def printable(text: str) -> str:
    r"""Returns a text on one line, with a mark in place of what cannot or should not be written.

    Such are the bytes of a file's name that are no UTF-8, and what would command a terminal.

    Example:

    >>> printable("caf\udce9.jpg")
    'caf�.jpg'
    """
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
