"""A hasher as a folder: what Keras saves, ONNX, facts for machines, and a card. A hub's repository.

config.json, metadata.json, model.weights.h5    Keras's own, as of `keras.saving.save_model`
onnx/model.onnx                                 where the onnx extra is installed
classwise.json                                  facts, preprocessing, files with their SHA-256
README.md                                       the card
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Mapping
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.models.keras_parts import CONFIG, METADATA, WEIGHTS, read_config
from classwise.zoo.models.model_facts import model_facts
from classwise.zoo.models.preset_readme import preset_readme

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

FORMAT_VERSION = 1
FACTS, README = "classwise.json", "README.md"
KIND = "a preset folder"
# Whoever is able to adds parts: functions (hasher, folder), as entry points of this group.
PARTS = "classwise.preset_parts"
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
LICENSE = re.compile(r"[a-z0-9.+-]+")


def write_preset_folder(
    hasher: Hasher,
    path: str | os.PathLike,
    *,
    evaluation: Mapping | None = None,
    dataset: str | None = None,
    base_model: str | None = None,
    license: str | None = None,
    onnx: bool = True,
    overwrite: bool = False,
) -> Path:
    """Writes a hasher as a preset folder, whole or not at all; see `Hasher.save_preset`."""
    path = Path(path)
    if base_model is not None and not HUB_NAME.fullmatch(base_model):
        raise InputError(f"base_model is {base_model!r}; give a hub's name, OWNER/MODEL.")
    if license is not None and not LICENSE.fullmatch(license):
        raise InputError(f"license is {license!r}; give a hub's name of it, such as apache-2.0.")
    remedy = "replace what classwise wrote with overwrite=True"
    check_new_folder(path, KIND, "mine", overwrite, remedy)

    import keras

    with replacing_folder(path, KIND) as folder:
        keras.saving.save_model(hasher, folder, zipped=False)
        if onnx:
            add_part("onnx", hasher, folder)
        facts = {
            "format_version": FORMAT_VERSION,
            **model_facts(read_config(folder), str(path)),
            "parameters": hasher.count_params(),
            "dataset": dataset,
            "base_model": base_model,
            "license": license,
            "evaluation": json.loads(json.dumps(evaluation)),
            "versions": {each: version(each) for each in ("classwise", "keras")},
            "files": {
                str(part.relative_to(folder).as_posix()): {
                    "bytes": part.stat().st_size,
                    "sha256": sha256(part),
                }
                for part in sorted(folder.rglob("*"))
                if part.is_file()
            },
        }
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        (folder / FACTS).write_text(text + "\n", encoding="utf-8")
        (folder / README).write_text(preset_readme(facts), encoding="utf-8")
    return path


def add_part(name: str, hasher: Hasher, folder: Path) -> None:
    """Adds a part that others write; where that cannot be, the folder goes without, and says so."""
    try:
        writers = entry_points(group=PARTS, name=name)
        if not writers:
            raise InputError(f"nothing that is installed writes {name}: reinstall classwise.")
        for writer in writers:
            writer.load()(hasher, folder)
    except InputError as error:
        warnings.warn(f"The preset folder is written without {name}: {error}", stacklevel=4)


def read_facts(folder: Path) -> dict:
    """Reads classwise.json of a preset folder; an empty dict where there is none.

    Raises:
        InputError: it is damaged, or of a newer format.
    """
    if not (folder / FACTS).is_file():
        return {}
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        newer = facts["format_version"] > FORMAT_VERSION
        files = {part: facts["files"][part]["sha256"] for part in (CONFIG, METADATA, WEIGHTS)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{folder / FACTS} is damaged: {error!r}."[:300]) from error
    if newer:
        raise InputError(
            f"{folder / FACTS} has format version {facts['format_version']}; this classwise reads "
            f"up to {FORMAT_VERSION}: upgrade it."
        )
    for part, recorded in files.items():
        if not (folder / part).is_file() or sha256(folder / part) != recorded:
            raise InputError(
                f"{folder / part} is not the file of which {FACTS} has the SHA-256; it was altered "
                "or cut: fetch or save the folder anew."
            )
    return facts


def is_preset_folder(path: Path) -> bool:
    """Returns whether a folder holds a model as Keras or `write_preset_folder` saves it."""
    return (path / CONFIG).is_file() and (path / WEIGHTS).is_file()


def load_preset_folder(path: str | os.PathLike) -> Hasher:
    """Loads the hasher of a preset folder, once its files are as its facts record them.

    Raises:
        InputError: another folder, or one with a file that is missing, altered or damaged.
    """
    path = Path(path)
    read_facts(path)
    return load_file(path)
