"""The facts of a preset folder, classwise.json: what was stated, what was measured, checksums."""

from __future__ import annotations

import re
from pathlib import Path

from classwise.zoo.foundation.errors import InputError
from classwise.zoo.foundation.files import sha256
from classwise.zoo.foundation.settings import read_json
from classwise.zoo.models.keras_parts import CONFIG, METADATA, WEIGHTS

FACTS = "classwise.json"
FORMAT_VERSION = 1
# What people state, and an example of each.
STATED = {
    "base_model": (re.compile(r"[\w.-]+/[\w.-]+", re.ASCII), "OWNER/MODEL"),
    "license": (re.compile(r"[a-z0-9.+-]+"), "apache-2.0"),
    "dataset": (re.compile(r"[^\x00-\x1f\x7f]+"), "OWNER/NAME"),
}
FIGURES = ("worst", "expected", "best", "standard_error")


def check_facts(facts: dict) -> None:
    """Raises `ValueError`, or what a wrong type raises, for facts that people state wrongly."""
    for key, (allowed, example) in STATED.items():
        if facts[key] is not None and not allowed.fullmatch(facts[key]):
            raise ValueError(f"{key} is {facts[key]!r}, and not a name such as {example}")
    for name, value in (facts["evaluation"] or {"metrics": {}})["metrics"].items():
        numbers = [v for k, v in value.items() if k in FIGURES and v is not None]
        if not all(isinstance(number, int | float) for number in numbers):
            raise ValueError(f"evaluation has no numbers for {name}")


def read_facts(folder: Path) -> dict:
    """Reads classwise.json of a preset folder; an empty dict where there is none.

    Raises:
        InputError: it is damaged, or of a newer format.
    """
    if not (folder / FACTS).is_file():
        return {}
    try:
        facts = read_json(folder / FACTS)
        newer = facts["format_version"] > FORMAT_VERSION
        files = {part: facts["files"][part]["sha256"] for part in (CONFIG, METADATA, WEIGHTS)}
        for file in facts["files"].values():
            int(file["bytes"]), str(file["sha256"])
        check_facts(facts)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
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
