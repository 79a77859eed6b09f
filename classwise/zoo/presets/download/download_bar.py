"""A progress bar of bytes."""

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def download_bar(title: str, size: int) -> Iterator[Callable[[int], None]]:
    """Shows bytes done, bytes/s and time left on stderr, if that is a terminal.

    Args:
        title: what is fetched.
        size: bytes in all.

    Yields:
        A function that sets the bytes done.
    """
    if not sys.stderr.isatty():
        yield lambda done: None
        return

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(title, *columns, console=Console(stderr=True), expand=True) as bar:
        task = bar.add_task("", total=size)
        yield lambda done: bar.update(task, completed=done)
