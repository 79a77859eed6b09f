"""A progress bar of images."""

import contextlib
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def count_bar(title: str, count: int) -> Iterator[Callable[[int], None]]:
    """Shows images done, images/s and time left on stderr; yields a function that adds some."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"))
    with Progress(title, *columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=count, speed="")
        started, done = time.perf_counter(), 0

        def advance(images: int) -> None:
            nonlocal done
            done += images
            speed = done / (time.perf_counter() - started)
            bar.update(task, advance=images, speed=f"{speed:.0f} images/s")

        yield advance
