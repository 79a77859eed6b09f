"""What commands print: JSON for machines on stdout, tables for people, notes on stderr."""

import json
import sys
from collections.abc import Iterable, Sequence


def print_json(document) -> None:
    """Prints one JSON document on stdout."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def print_note(text: str) -> None:
    """Prints what happens to stderr, so that stdout stays a result."""
    print(text, file=sys.stderr, flush=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Prints a table on stdout; columns named with a leading ">" are set flush right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console = Console(highlight=False)
    console.on_broken_pipe = raise_again
    console.print(table)


def raise_again() -> None:
    """Lets a closed pipe end in `main`; rich would exit with 1, which says that a result failed."""
    raise sys.exception()


def megabytes(size: int) -> str:
    """Returns a size as text, in units of 1,000,000 bytes."""
    return f"{size / 1e6:.2f} MB"
