"""Writes a mirror: a folder with the files of presets and trunks, for any static web server."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.foundation.written_folder import written_kind
from classwise.zoo.presets.locate import locate
from classwise.zoo.presets.registry import WeightFile, get_preset, presets, trunks

FORMAT_VERSION = 1
INDEX, CHECKSUMS = "index.json", "SHA256SUMS"
KIND = "a mirror"


def write_mirror(
    path: str | os.PathLike,
    names: Iterable[str] | None = None,
    mirrors: str | Iterable[str] | None = None,
) -> list[dict]:
    """Writes the files of presets, `index.json` and `SHA256SUMS`; the folder appears whole.

    Args:
        path: the folder. One that is empty, or holds a mirror and nothing else, is replaced.
        names: of presets, or of trunks alone. Defaults to all of both.
        mirrors: to fetch from what is neither bundled nor cached. Defaults to CLASSWISE_MIRRORS.

    Returns:
        One dict a file: `file`, `bytes`, `sha256`, and `needed_by`, the names that need it.

    Raises:
        InputError: no such preset or trunk, a file cannot be had, or the folder holds something
            else.
        OSError: the folder cannot be written; nothing is left behind.
    """
    path = Path(path)
    check_new_folder(path, KIND, "mirror", written_kind(path) == KIND, "empty it: it is no mirror")
    entries = {}
    for name in dict.fromkeys(names or [*trunks(), *presets()]):
        for part in files_of(name):
            entry = {"file": part.file, "bytes": part.bytes, "sha256": part.sha256, "needed_by": []}
            entries.setdefault(part.file, entry)["needed_by"].append(name)
    found = list(entries.values())
    with replacing_folder(path, KIND) as folder:
        for entry in found:
            source = locate(entry["file"], entry["bytes"], entry["sha256"], mirrors)
            target = folder / entry["file"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        index = {"format_version": FORMAT_VERSION, "files": found}
        (folder / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        sums = "".join(f"{entry['sha256']}  {entry['file']}\n" for entry in found)
        (folder / CHECKSUMS).write_text(sums, encoding="utf-8")
    return found


def files_of(name: str) -> tuple[WeightFile, ...]:
    """Returns the files that a preset, or a trunk alone, needs."""
    return trunks()[name].files if name in trunks() else get_preset(name).files
