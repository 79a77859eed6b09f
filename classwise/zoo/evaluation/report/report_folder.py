"""The folder of a report: it appears whole or not at all, and takes no other file's place."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from classwise.zoo.foundation.files import resolved
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.written_folder import written_kind

PAGE, FIGURES, MODELS = "index.html", "figures", "models"
KIND = "a report"


@contextlib.contextmanager
def report_folder(directory: str | os.PathLike, force: bool = False) -> Iterator[Path]:
    """Yields a temporary folder; on success it takes the place of `directory`.

    Args:
        directory: made if it doesn't exist. An earlier report is replaced as a whole, so that no
            figure of it stays.
        force: whether a folder that classwise wrote as something else, such as a mirror, is
            replaced too. Defaults to False.

    Raises:
        InputError: `directory` is a file, holds something that classwise did not write, or the
            working directory is in it.
        OSError: the folder cannot be made.
    """
    path = resolved(directory)
    kind = written_kind(path)
    remedy = "replace what classwise wrote with --force" if kind else "empty it"
    check_new_folder(path, KIND, "report", force or kind == KIND, remedy)
    with replacing_folder(path, KIND) as temporary:
        yield temporary
