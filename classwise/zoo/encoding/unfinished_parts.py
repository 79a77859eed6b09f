"""Parts of a folder of codes that a run has written so far, so that the next one goes on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from classwise.zoo.encoding.block_encoder import Block
from classwise.zoo.encoding.code_parts import (
    LEFT_BEHIND,
    MANIFEST,
    is_code_folder,
    part_facts,
    read_manifest,
    write_manifest,
)
from classwise.zoo.encoding.lance_codes import SUFFIX, write_lance
from classwise.zoo.encoding.unfinished_codes import (
    described_run,
    part_folder,
    remove_marks,
    run_folder,
)
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.written_folder import IGNORED

# In the folder of the parts, before it takes its place.
LANCE = "whole.lance"


class UnfinishedParts:
    """The folder `OUTPUT.part`, in which workers write parts until it takes the place of `OUTPUT`.

    Of an output that is named `.lance`, what is made of the parts takes the place instead. One run
    at a time has the folder. It is a context manager; the folder goes at its end where no part is
    in it.

    Args:
        output: the folder that appears at the end, whole.
        run: what must be the same to go on: model, images, options. JSON types.
        blocks: of images, each of which one part is of.

    Attributes:
        missing: the blocks whose parts are not there.
        done: images of the others.

    Raises:
        InputError: another run has the folder, or began it; something else stands there, or at
            `output`.
        OSError: it cannot be written.
    """

    def __init__(self, output: Path, run: Mapping[str, object], blocks: Sequence[Block]):
        self.output, self.folder = output, part_folder(output)
        self.run, self.blocks = dict(run), list(blocks)
        self.missing: list[Block] = []
        self.done = 0
        self._exits = contextlib.ExitStack()

    def __enter__(self) -> UnfinishedParts:
        with contextlib.ExitStack() as exits:
            exits.enter_context(run_folder(self.folder, self.run, LEFT_BEHIND, parts_of))
            self.missing = [block for block in self.blocks if self._found(block) is None]
            whole = sum(block.images.count for block in self.blocks)
            self.done = whole - sum(block.images.count for block in self.missing)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *exception) -> None:
        self._exits.__exit__(*exception)

    def _found(self, block: Block) -> tuple[int, list[str]] | None:
        return part_facts(self.folder, block.number, block.identity)

    def finish(self, facts: Mapping[str, object]) -> tuple[int, tuple[str, ...]]:
        """Puts the folder in its place, once every part is there.

        Args:
            facts: of the manifest, but for the numbers of rows and parts.

        Returns:
            how many codes there are, and the names of broken images that were left out.

        Raises:
            InputError: a part is missing, or does not hold its images; all images are broken.
        """
        rows, skipped = 0, []
        for block in self.blocks:
            found = self._found(block)
            if found is None or found[0] + len(found[1]) != block.images.count:
                raise InputError(
                    f"{self.folder} is not whole: its part {block.number} is missing, or holds "
                    f"other than {block.images.count} images; delete it to start anew."
                )
            rows += found[0]
            skipped += found[1]
        if not rows:
            self.forget()
            raise InputError(f"All {len(skipped)} images are broken, so there is nothing to write.")
        # A part that was written first tells of which images a later change is.
        begun = min(path.stat().st_mtime_ns for path in parts_of(self.folder))
        numbers = {"rows": rows, "parts": len(self.blocks), "skipped": skipped, "begun": begun}
        whole = {**facts, **numbers, "run": self.run}
        if self.output.suffix == SUFFIX:
            made = self.folder / LANCE
            shutil.rmtree(made, ignore_errors=True)  # of a run that was killed here
            try:
                write_lance(self.folder, range(len(self.blocks)), made, whole)
                write_manifest(made, {**whole, "form": "lance"})
                made.replace(self.output)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            self.forget()
        else:
            write_manifest(self.folder, whole)
            self.folder.replace(self.output)
            remove_marks(self.output)
        return rows, tuple(skipped)

    def forget(self) -> None:
        """Removes the parts: they can never be used."""
        for path in parts_of(self.folder):
            path.unlink(missing_ok=True)


def parts_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def finished(output: Path, run: Mapping[str, object]) -> dict | None:
    """Returns the manifest of codes that the same run has written, None where nothing is.

    Raises:
        InputError: something else stands there, or codes of another run.
    """
    if not is_code_folder(output):
        check_place(output)
        return None
    facts = read_manifest(output)
    begun = facts.get("run")
    if begun != dict(run):
        other = [key for key in run if not isinstance(begun, dict) or begun.get(key) != run[key]]
        raise InputError(
            f"{output} holds codes of other {' and '.join(other)}; choose another output, or "
            "delete it."
        )
    remove_marks(output)
    left = part_folder(output)
    if facts.get("form") == "lance" and described_run(left) == begun:
        # Killed between the two: what the parts held has its place.
        for path in parts_of(left):
            path.unlink(missing_ok=True)
        remove_marks(left)
        with contextlib.suppress(OSError):  # somebody put a file of theirs there
            left.rmdir()
    return facts


def check_place(output: Path) -> None:
    """Raises `InputError` unless a folder of codes can be made at `output`."""
    if output.suffix == ".npz" or output.name in ("", ".."):
        raise InputError(
            f"The output is {output}; with --engine ray it is a folder, such as codes/ or "
            "codes.lance."
        )
    if output.exists() and not output.is_dir():
        raise InputError(f"The output {output} is a file; name a folder, such as codes/.")
    if output.is_dir() and not is_code_folder(output):
        found = next((path.name for path in output.iterdir() if path.name not in IGNORED), None)
        if found is not None:
            raise InputError(
                f"{output} holds {found} and no {MANIFEST}; name a new folder for the codes."
            )
    described_run(part_folder(output))


def blocks_begun(output: Path) -> dict[str, object]:
    """Returns what an interrupted run into `output`, or a whole one, was begun with."""
    if is_code_folder(output):
        run = read_manifest(output).get("run")
        return run if isinstance(run, dict) else {}
    return described_run(part_folder(output)) or {}
