"""Codes computed so far, in a folder beside the output, so that an interrupted run goes on."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.file_source import ChangedImage
from classwise.zoo.encoding.part_files import images_in, joined, parts_in, read
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import parent_folders, replacing_file
from classwise.zoo.foundation.settings import read_json

DESCRIPTION = "run.json"
LOCK = ".lock"
# What `replacing_file` had begun to write when the run was killed.
LEFT_BEHIND = re.compile(r"\.(run\.[0-9a-f]{8}\.json|\d{6}\.[0-9a-f]{8}\.npz)")


class UnfinishedCodes:
    """Gathers batches of columns and writes them, every few seconds, as one part.

    The folder `OUTPUT.part` holds a description of the run, and parts `000000.npz`,
    `000001.npz`, ... in order, each of which says with which image it begins. Each file appears
    whole, so whatever interrupts the run, the parts that are there are right. One run at a time
    has the folder. It is a context manager; the folder goes at its end where nothing is in it, or
    nothing is needed any more (`finish`).

    Args:
        output: the file that the run will write.
        run: what must be the same to go on: model, images, options. JSON types.
        seconds: how much work may be lost by an interruption. Defaults to 5.

    Attributes:
        count: images in the parts, those that were skipped among them.

    Raises:
        InputError: another run has the folder, or began it, or it is no folder of such a run.
        OSError: it cannot be written.
    """

    def __init__(self, output: Path, run: Mapping[str, object], seconds: float = 5.0):
        self.output = output
        self.folder = part_folder(output)
        self.run = dict(run)
        self.seconds = seconds
        self.waiting: list[dict[str, np.ndarray]] = []
        self.parts: list[Path] = []
        self.count = 0
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> UnfinishedCodes:
        with contextlib.ExitStack() as exits:
            exits.enter_context(run_folder(self.folder, self.run, LEFT_BEHIND, parts_in))
            self.parts = parts_in(self.folder)
            self.count = images_in(self.parts)
            self._exits = exits.pop_all()
        self.written_at = time.monotonic()
        return self

    def __exit__(self, *exception) -> None:
        self._exits.__exit__(*exception)

    def add(self, batch: dict[str, np.ndarray]) -> None:
        """Takes the columns of one batch; `names` and `skipped` are always among them."""
        self.waiting.append(batch)
        if time.monotonic() - self.written_at >= self.seconds:
            self.flush()

    @contextlib.contextmanager
    def keeping(self, check_unchanged: Callable[[], None]) -> Iterator[None]:
        """Keeps what the block has added where it is interrupted, nothing where an image changed.

        Args:
            check_unchanged: of the stream that the block goes through; asked at its end.
        """
        try:
            yield
            check_unchanged()
        except ChangedImage:
            self.finish()
            raise
        except BaseException as error:
            if not isinstance(error, Exception):
                self.flush()  # interrupted, so that everything done so far is right
            raise

    def flush(self) -> None:
        """Writes the batches that wait as one part."""
        if not self.waiting:
            return
        part = self.folder / f"{len(self.parts):06d}.npz"
        columns = joined(self.waiting)
        with replacing_file(part) as temporary:
            np.savez(temporary, first=np.array(self.count), **columns)
        self.parts.append(part)
        self.count += len(columns["names"]) + len(columns["skipped"])
        self.waiting = []
        self.written_at = time.monotonic()

    def columns(self) -> dict[str, np.ndarray]:
        """Returns all columns, whole."""
        self.flush()
        images_in(self.parts)
        columns = joined([read(part) for part in self.parts])
        del columns["first"]
        return columns

    def finish(self) -> None:
        """Removes the parts: their codes are elsewhere now, or can never be used."""
        for part in self.parts:
            part.unlink(missing_ok=True)
        self.parts, self.waiting = [], []


@contextlib.contextmanager
def run_folder(
    folder: Path,
    run: Mapping[str, object],
    left_behind: re.Pattern,
    parts: Callable[[Path], list[Path]],
) -> Iterator[None]:
    """Keeps the folder of an unfinished run for this one alone; it goes where no part is left.

    Args:
        folder: `OUTPUT.part`.
        run: what must be the same to go on.
        left_behind: names of files that were being written when a run was killed.
        parts: finds the parts in it.

    Raises:
        InputError: another run has the folder, or began it, or it is no folder of such a run.
        OSError: it cannot be written.
    """
    check_begun(folder, run)
    with parent_folders(folder / LOCK), locked(folder):
        for path in folder.iterdir():
            if left_behind.fullmatch(path.name):
                path.unlink(missing_ok=True)
        try:
            if not check_begun(folder, run):
                with replacing_file(folder / DESCRIPTION) as temporary:
                    temporary.write_text(json.dumps(run), encoding="utf-8")
            yield
        finally:
            if folder.is_dir() and not parts(folder):
                remove_marks(folder)
                with contextlib.suppress(OSError):  # somebody put a file of theirs there
                    folder.rmdir()


def remove_marks(folder: Path) -> None:
    """Removes from a folder what only a run in progress needs."""
    for name in (DESCRIPTION, LOCK):
        (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps other runs out of a folder; raises `InputError` where one is in it."""
    import filelock

    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout as error:
        output = folder.with_suffix("")
        raise InputError(
            f"Another run is writing {output}; wait for it, or choose another output."
        ) from error
    try:
        yield
    finally:
        lock.release()


def images_done(output: Path) -> int:
    """Returns how many images an interrupted run that writes `output` is done with.

    Raises:
        InputError: what stands at `OUTPUT.part` is not of such a run, or is damaged.
    """
    folder = part_folder(output)
    return 0 if described_run(folder) is None else images_in(parts_in(folder))


def check_begun(folder: Path, run: Mapping[str, object]) -> bool:
    """Returns whether a folder was begun by the same run; False where there is nothing yet.

    Raises:
        InputError: it was begun by another run, or is no folder of such a run at all.
    """
    begun = described_run(folder)
    if begun is None:
        return False
    if begun.keys() != run.keys():
        raise foreign(folder)
    for key in run:
        if begun[key] != run[key]:
            values = f" ({begun[key]}, now {run[key]})" if isinstance(run[key], bool) else ""
            raise InputError(
                f"{folder} was begun with other {key}{values}; give what it was begun with, or "
                "delete it to start anew."
            )
    return True


def described_run(folder: Path) -> dict[str, object] | None:
    """Returns what a folder's run was begun with, or None where there is nothing yet.

    Raises:
        InputError: anything else stands there; it is left alone.
    """
    try:
        run = read_json(folder / DESCRIPTION)
    except FileNotFoundError:
        names = [entry.name for entry in folder.iterdir()] if folder.exists() else []
        if any(name != LOCK and not LEFT_BEHIND.fullmatch(name) for name in names):
            raise foreign(folder) from None
        return None
    except (NotADirectoryError, IsADirectoryError, ValueError, RecursionError) as error:
        raise foreign(folder) from error
    if not isinstance(run, dict):
        raise foreign(folder)
    return run


def foreign(folder: Path) -> InputError:
    """Returns the error for what `encode` did not put there, and so never touches."""
    return InputError(
        f"{folder} is needed for the codes computed so far, but something else stands there; move "
        "it away, or choose another output."
    )


def part_folder(output: Path) -> Path:
    return output.with_name(f"{output.name}.part")
