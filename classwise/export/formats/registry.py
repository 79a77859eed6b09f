"""All export formats: each file of this folder that is named `..._format` declares one."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from classwise.export import formats
from classwise.export.formats.format import Format, Option

DEFAULT = "onnx"


def declared() -> dict[str, Format]:
    """Returns the formats that the files of this folder declare, the default one first."""
    files = [file.name for file in pkgutil.iter_modules(formats.__path__)]
    names = [f"{formats.__name__}.{file}" for file in files if file.endswith("_format")]
    found = [import_module(name).FORMAT for name in names]
    found.sort(key=lambda format: (format.name != DEFAULT, format.name))
    return {format.name: format for format in found}


FORMATS = declared()


def options_of_formats() -> dict[str, tuple[Option, list[str]]]:
    """Returns every option of a format by name, with the names of the formats that have it."""
    found: dict[str, tuple[Option, list[str]]] = {}
    for format in FORMATS.values():
        for option in format.options:
            found.setdefault(option.name, (option, []))[1].append(format.name)
    return found
