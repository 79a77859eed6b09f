"""What is measured of a preset's exports: read from bench/results, shown on its card."""

import json
from pathlib import Path

from classwise.export.formats.registry import FORMATS
from classwise.zoo.foundation.printing import megabytes
from classwise.zoo.presets.registry import Preset, presets

# Both measured what they measured; rounding in another order may move the last digits.
SAME_MAP = 5e-5


def read_exports(folder: Path, preset: Preset) -> dict:
    """Returns what bench/results knows of a preset's exports, or of those of one on its trunk.

    Of other weights than they have now, nothing.

    Args:
        folder: bench/results.

    Returns:
        `"precisions"`, reports by precision, `"speeds"`, images/s by batch and runtime,
        `"machine"` and `"versions"`, and `"of_another"`, None or the preset whose figures they are;
        empty where nothing is measured.
    """
    found = read(folder / "export.json")
    if found.get("model") == preset.name:
        figures = found["figures"]
        measured = figures["precision"]["fp16"]["map_fp32"]
        if abs(measured - preset.metrics["map"]["expected"]) < SAME_MAP:
            return {
                "precisions": figures["precision"],
                "speeds": figures["images per second"],
                "machine": found["machine"],
                "versions": found["versions"],
                "of_another": None,
            }
    every = read(folder / "preset_exports.json")
    for other in (preset, *of_other_lengths(preset)):
        found = every.get(other.name, {})
        if found.get("sha256") == other.sha256:
            return {
                "precisions": found["precision"],
                "speeds": {},
                "machine": found["machine"],
                "versions": found["versions"],
                "of_another": None if other.name == preset.name else other,
            }
    return {}


def of_other_lengths(preset: Preset) -> list[Preset]:
    """Returns the other hashers of a preset's method on its trunk."""
    family = preset.trunk, preset.method
    return [p for p in presets().values() if (p.trunk, p.method) == family and p != preset]


def read(file: Path) -> dict:
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def runtimes() -> dict[str, str]:
    """Returns the titles of what runs a hasher by the names in bench/results."""
    titles: dict[str, str] = {}
    for format in FORMATS.values():
        own = format.runtime.startswith(format.title)
        titles[format.name] = format.runtime if own else f"{format.runtime}, {format.title}"
        titles |= {name: engine.title for name, engine in format.engines.items()}
    return titles | {"keras": "Keras, `predict`"}


def precision_titles() -> dict[str, str]:
    """Returns the titles of files by their precision."""
    return {
        precision: f"{format.title}, {title}"
        for format in reversed(FORMATS.values())
        for precision, title in format.precisions.items()
    }


def speeds(exports: dict) -> tuple[list[str], list[list[str]]]:
    """Returns the header and the rows of a table of images/s by runtime and batch."""
    by_batch = exports["speeds"]
    rows = [
        [title, *(f"{found[key]:,.0f}" for found in by_batch.values())]
        for key, title in runtimes().items()
        if all(key in found for found in by_batch.values())
    ]
    return ["images/s", *(f">{batch}" for batch in by_batch)], rows


def precision_rows(exports: dict) -> list[list[str]]:
    """Returns a row for float32, and one for each lower precision measured beside it."""
    first = next(iter(exports["precisions"].values()))
    titles = precision_titles()
    rows = [[titles["fp32"], megabytes(first["bytes_fp32"]), "0%", "1", "0"]]
    for key, report in exports["precisions"].items():
        speed = report["images_per_second"] / report["images_per_second_fp32"]
        share = f"{report['share_of_bits']:.3%}"
        lost = "not measured" if report["map_loss"] is None else f"{report['map_loss']:.4f}"
        rows.append([titles[key], megabytes(report["bytes"]), share, f"{speed:.2f}", lost])
    return rows
