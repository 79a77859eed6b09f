"""A progress bar of things that are counted, such as images."""

import contextlib
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def count_bar(title: str, count: int, unit: str = "images") -> Iterator[Callable[[int], None]]:
    """Shows what is done, how many a second and the time left on stderr; yields what adds some."""
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

        def advance(more: int) -> None:
            nonlocal done
            done += more
            speed = done / (time.perf_counter() - started)
            bar.update(task, advance=more, speed=f"{speed:.0f} {unit}/s")

        yield advance
