"""Codes computed so far, in a folder beside the output, so that an interrupted run goes on."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from classwise.zoo.errors import InputError
from classwise.zoo.files import replacing_file

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
        count: rows in the parts.

    Raises:
        InputError: the folder was begun by another run.
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
        description = self.folder / DESCRIPTION
        if not description.is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            with replacing_file(description) as temporary:
                temporary.write_text(json.dumps(run), encoding="utf-8")
            return
        begun = json.loads(description.read_text(encoding="utf-8"))
        for key in run:
            if begun.get(key) != run[key]:
                raise InputError(
                    f"{self.folder} was begun with another {key} ({begun.get(key)}, now "
                    f"{run[key]}); give what it was begun with, or delete it to start anew."
                )

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
    """Returns how many images an interrupted run that writes `output` has encoded."""
    return sum(len(read(part)["codes"]) for part in parts_in(part_folder(output)))


def part_folder(output: Path) -> Path:
    return output.with_name(f"{output.name}.part")


def parts_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))


def read(part: Path) -> dict[str, np.ndarray]:
    """Returns the columns of a part."""
    with np.load(part, allow_pickle=False) as arrays:
        return dict(arrays)


def joined(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Returns the columns of several batches, each joined to one array."""
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
