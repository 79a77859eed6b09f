"""A hasher as a folder: what Keras saves, ONNX, facts for machines, and a card. A hub's repository.

config.json, metadata.json, model.weights.h5    Keras's own, as of `keras.saving.save_model`
onnx/model.onnx                                 where the onnx extra is installed
classwise.json                                  facts, preprocessing, files with their SHA-256
README.md                                       the card
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.foundation.new_folder import check_new_folder, replacing_folder
from classwise.zoo.models.folder_facts import FACTS, FORMAT_VERSION, check_facts, read_facts
from classwise.zoo.models.keras_files import load_file
from classwise.zoo.models.keras_parts import CONFIG, WEIGHTS, read_config
from classwise.zoo.models.model_facts import model_facts
from classwise.zoo.models.preset_readme import preset_readme

if TYPE_CHECKING:
    from classwise.zoo.models.hasher import Hasher

README = "README.md"
KIND = "a preset folder"
# Whoever is able to adds parts: functions (hasher, folder), as entry points of this group.
PARTS = "classwise.preset_parts"


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
    stated = {
        "dataset": dataset,
        "base_model": base_model,
        "license": license,
        "evaluation": evaluation,
    }
    try:
        stated = json.loads(json.dumps(stated))
        check_facts(stated)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise InputError(f"The preset folder is not written: {error}.") from error
    remedy = "replace what classwise wrote with overwrite=True"
    check_new_folder(path, KIND, "mine", overwrite, remedy)

    from importlib.metadata import version  # imports sockets

    import keras

    with replacing_folder(path, KIND) as folder:
        keras.saving.save_model(hasher, folder, zipped=False)
        if onnx:
            add_part("onnx", hasher, folder)
        facts = {
            "format_version": FORMAT_VERSION,
            **model_facts(read_config(folder), str(path)),
            "parameters": hasher.count_params(),
            **stated,
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
        (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        # A class may be named after a folder whose name is no UTF-8.
        (folder / README).write_text(preset_readme(facts), encoding="utf-8", errors="replace")
    return path


def add_part(name: str, hasher: Hasher, folder: Path) -> None:
    """Adds a part that others write; where that cannot be, the folder goes without, and says so."""
    from importlib.metadata import entry_points

    try:
        writers = entry_points(group=PARTS, name=name)
        if not writers:
            raise InputError(f"nothing that is installed writes {name}: reinstall classwise.")
        for writer in writers:
            writer.load()(hasher, folder)
    except InputError as error:
        warnings.warn(f"The preset folder is written without {name}: {error}", stacklevel=4)


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
