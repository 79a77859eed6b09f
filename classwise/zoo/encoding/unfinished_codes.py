"""Codes computed so far, in a folder beside the output, so that an interrupted run goes on."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import replacing_file

DESCRIPTION = "run.json"


class UnfinishedCodes:
    """Gathers batches of columns and writes them, every few seconds, as one part.

    The folder `OUTPUT.part` holds a description of the run, and parts `000000.npz`,
    `000001.npz`, ... in order. Each file appears whole, so whatever interrupts the run, the
    parts that are there are right.

    Args:
        output: the file that the run will write.
        run: what must be the same to go on: model, images, options. JSON types.
        seconds: how much work may be lost by an interruption. Defaults to 5.

    Attributes:
        count: images in the parts of earlier runs.

    Raises:
        InputError: the folder was begun by another run, or is no folder of such a run at all.
        OSError: it cannot be written.
    """

    def __init__(self, output: Path, run: Mapping[str, object], seconds: float = 5.0):
        self.folder = part_folder(output)
        self.seconds = seconds
        self.waiting: list[dict[str, np.ndarray]] = []
        self.written_at = time.monotonic()
        self._begin(dict(run))
        self.parts = parts_in(self.folder)
        self.count = images_done(output)

    def _begin(self, run: dict[str, object]) -> None:
        if check_begun(self.folder, run):
            return
        with replacing_file(self.folder / DESCRIPTION) as temporary:
            temporary.write_text(json.dumps(run), encoding="utf-8")

    def add(self, batch: dict[str, np.ndarray]) -> None:
        """Takes the columns of one batch, equally long arrays by name."""
        self.waiting.append(batch)
        if time.monotonic() - self.written_at >= self.seconds:
            self.flush()

    def flush(self) -> None:
        """Writes the batches that wait as one part."""
        if not self.waiting:
            return
        part = self.folder / f"{len(self.parts):06d}.npz"
        with replacing_file(part) as temporary:
            np.savez(temporary, **joined(self.waiting))
        self.parts.append(part)
        self.waiting = []
        self.written_at = time.monotonic()

    def columns(self) -> dict[str, np.ndarray]:
        """Returns all columns, whole."""
        self.flush()
        return joined([read(part) for part in self.parts])

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def images_done(output: Path) -> int:
    """Returns how many images an interrupted run that writes `output` has encoded.

    Raises:
        InputError: what stands at `OUTPUT.part` is not of such a run, or is damaged.
    """
    folder = part_folder(output)
    if described_run(folder) is None:
        return 0
    return sum(len(read(part)["names"]) for part in parts_in(folder))


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
        run = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if folder.exists() and any(folder.iterdir()):
            raise foreign(folder) from None
        return None
    except (NotADirectoryError, IsADirectoryError, ValueError) as error:
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


def parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))


def read(part: Path) -> dict[str, np.ndarray]:
    """Returns the columns of a part; `names` is always one of them."""
    try:
        with np.load(part, allow_pickle=False) as arrays:
            return {**arrays, "names": arrays["names"]}
    except Exception as error:  # NumPy lets errors of zip and of its own format through
        raise InputError(f"{part} is damaged; delete {part.parent} to start anew.") from error


def joined(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns the columns of several batches, each joined to one array."""
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
