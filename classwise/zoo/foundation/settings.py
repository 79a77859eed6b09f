"""Settings in JSON and TOML: whatever a file holds, it is read, or it is one sentence."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

from classwise.zoo.foundation.errors import InputError

MOST_BYTES = 64_000_000
# Far above what settings have, far below what Python's stack takes.
MOST_LEVELS = 100
LEAVES = (str, int, float, bool, type(None))


def read_json(path: str | os.PathLike) -> object:
    """Reads a JSON file.

    Raises:
        InputError: it holds something else, or is nested too deeply, too long, or no plain file.
        OSError: it is not there, or cannot be read.
    """
    return parse_json(read_text(path), os.fspath(path))


def read_toml(path: str | os.PathLike) -> dict[str, object]:
    """Reads a TOML file of text, numbers, booleans, lists and tables.

    Raises:
        InputError: it holds something else, or is nested too deeply, too long, or no plain file.
        OSError: it is not there, or cannot be read.
    """
    return parsed(tomllib.loads, read_text(path), os.fspath(path), "TOML")


def parse_json(text: str | bytes, name: str) -> object:
    """Returns what a JSON document holds.

    Args:
        text: the document.
        name: what it is called in errors.

    Raises:
        InputError: it is none, or nested too deeply.

    Example:

    >>> parse_json('{"code_length": 48}', "recipe.json")
    {'code_length': 48}
    >>> parse_json("[" * 200_000, "recipe.json")
    Traceback (most recent call last):
        ...
    classwise.zoo.foundation.errors.InputError: recipe.json is nested deeper than 100 levels.
    """
    return parsed(json.loads, text, name, "JSON")


def read_text(path: str | os.PathLike) -> str:
    """Returns the text of a file of settings."""
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe never ends
        raise InputError(f"{path} is no file.")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path} has more than {MOST_BYTES:,} bytes.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no UTF-8 text: {error.reason}.") from error


def parsed(parse: Callable, text: str | bytes, name: str, kind: str):
    """Returns what a parser makes of a text, or raises `InputError`."""
    try:
        found = parse(text)
    except RecursionError:
        raise too_deep(name) from None
    except ValueError as error:
        raise InputError(f"{name} is no {kind}: {error}.") from error
    level = [found]
    for _ in range(MOST_LEVELS):
        inner = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
            elif not isinstance(each, LEAVES):
                raise InputError(f"{name} holds {each}, which is no text, number or boolean.")
        level = inner
    if level:
        raise too_deep(name)
    return found


def too_deep(name: str) -> InputError:
    return InputError(f"{name} is nested deeper than {MOST_LEVELS} levels.")
