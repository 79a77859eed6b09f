"""Opens a model by what it is: a preset, a `.keras` file, or one of the exported formats."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from classwise.export.formats.registry import FORMATS
from classwise.zoo.foundation.errors import InputError, unknown_name
from classwise.zoo.presets.find_model import (
    FOLDER,
    PRESET,
    PRESET_FOLDER,
    FoundModel,
    find_model,
    read_model,
)

if TYPE_CHECKING:
    import os

    from classwise.export.formats.format import Engine, Format
    from classwise.export.graph.model import Model
    from classwise.zoo import Hasher


KERAS = (PRESET, ".keras", PRESET_FOLDER)


def open_model(model: Hasher | str | os.PathLike) -> Model:
    """Opens a hasher, or what a name or a path stands for, to be run.

    Args:
        model: a `Hasher`; what `zoo.load` takes; a file or folder of an export format; or such a
            file with what is to run it, `openvino:FILE.onnx`, or a provider of ONNX
            Runtime, `cuda:FILE.onnx`.

    Raises:
        InputError: nothing is there, or its runtime is missing or can't read it.
    """
    if not isinstance(model, str | Path):
        if hasattr(model, "image_shape"):
            return keras_hasher(model)
        model = Path(model)
    name = str(model)
    engine, colon, file = name.partition(":")
    path = Path(name)
    if colon and engine in engines():
        return checked(engines()[engine].open(exported(engine, Path(file))))
    if colon and Path(file).is_file() and not path.exists():
        raise unknown_name("runtime", engine, engines())
    files = {f.ending: partial(open_format, f) for f in FORMATS.values() if not f.marker}
    hashers = dict.fromkeys(KERAS, open_keras)
    return read_model(name, {**hashers, **files, FOLDER: open_folder})


def open_models(*names: str) -> list[Model]:
    """Opens several models, those that Keras runs last, as these take the most time by far.

    What is wrong with the others, or with their runtime, is told before.
    """
    models = dict.fromkeys(names)
    for name in sorted(models, key=needs_keras):
        models[name] = open_model(name)
    return [models[name] for name in names]


def needs_keras(name: str) -> bool:
    """Returns whether a name stands for what Keras runs; nothing there is told by opening it."""
    engine, colon, _ = name.partition(":")
    if colon and engine in engines():
        return False
    return find_model(name).kind in KERAS


def open_format(format: Format, found: FoundModel) -> Model:
    """Opens a file or a folder of an export format."""
    return checked(format.open(found.path))


def open_folder(found: FoundModel) -> Model:
    """Opens a folder of whichever export format wrote it."""
    if format := format_of(found.path):
        return open_format(format, found)
    folders = ", or ".join(
        f"a {format.title} folder" for format in FORMATS.values() if format.marker
    )
    raise InputError(f"{found.name} holds no model; give a preset folder, or {folders}.")


def open_keras(found: FoundModel) -> Model:
    """Loads a hasher to be run by Keras."""
    from classwise.zoo.presets.load import load

    size = found.path.stat().st_size if found.path and found.path.is_file() else None
    return keras_hasher(load(found.path or found.name), found.name, size)


def checked(model: Model) -> Model:
    """Returns a model, or raises `InputError` unless it takes and gives what a hasher does."""
    model.check_contract()
    return model


def format_of(path: Path) -> Format | None:
    """Returns the export format that a path names a file or folder of, or None."""
    return next((format for format in FORMATS.values() if format.holds(path)), None)


def engines() -> dict[str, Engine]:
    """Returns what may stand before a file with a colon, by name."""
    return {name: engine for format in FORMATS.values() for name, engine in format.engines.items()}


def keras_hasher(hasher: Hasher, *details) -> Model:
    # Loads Keras, which other formats run without.
    from classwise.export.graph.keras_hasher import keras_model

    return keras_model(hasher, *details)


def exported(engine: str, path: Path) -> Path:
    """Returns a path, or raises `InputError` if it is no file that a runtime could be named for."""
    if not path.is_file():
        (ending,) = {f.ending for f in FORMATS.values() if engine in f.engines}
        raise InputError(
            f"{engine}: needs a {ending} file after it, and '{path}' is none; `classwise export` "
            "writes one."
        )
    return path


def existing(path: Path) -> Path:
    """Returns a path, or raises `InputError` if nothing is there."""
    if not path.exists():
        raise InputError(f"{path} does not exist; give {known_models()}.")
    return path


def known_models() -> str:
    """Returns in words what can be opened.

    Example:

    >>> known_models()
    'a preset, a .keras, .onnx or .tflite file, or a SavedModel folder'
    """
    files = [".keras", *(f.ending for f in FORMATS.values() if not f.marker)]
    folders = [f", or a {f.title} folder" for f in FORMATS.values() if f.marker]
    return f"a preset, a {', '.join(files[:-1])} or {files[-1]} file{''.join(folders)}"


def with_digests() -> str:
    """Returns the endings of files that tell by themselves whether they are whole."""
    return " or ".join(format.ending for format in FORMATS.values() if format.is_whole)
