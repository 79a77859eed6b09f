"""The tables of docs/FITTING.md, from what bench/studies/fitting.py and bench/fit.py measured."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench.studies.fitting import ABLATION_BITS
from bench.studies.fitting_sets import REPORTED, TUNING
from classwise.zoo.cards.markdown import table
from classwise.zoo.methods import METHODS, METHODS_OF_MEANS

INTRODUCTION = """\
Features of EfficientNet-Lite0 at 224 x 224 pixels, as ImageNet left it; every photo asks, all
others answer, the labels judge and nothing else. mAP / Recall@1, expected over ties, one fitting
each (seed 0). Choices were made on other classes, or, of the clothes, on other photos; of
Caltech-101 as a whole, on half of its classes. `python bench/studies/fitting.py FOLDER` measures
it."""

ABLATION = """\
What each ingredient gives, {bits} bits, DCWH, on what the choices were made on, one thing changed
at a time:"""

GROWTH = """\
How a fitting grows, beyond the features, on made-up features and {cores} cores that other work
shared (`python bench/fit.py`):"""


def fitting_tables(root: Path) -> str:
    """Returns everything that stands between the markers of docs/FITTING.md."""
    folder = root / "bench" / "results"
    parts = [*studied(read(folder / "fitting.json")), *grown(read(folder / "fit.json"))]
    return "\n\n".join(parts)


def read(file: Path) -> dict:
    return json.loads(file.read_text()) if file.exists() else {}


def studied(found: dict) -> Iterator[str]:
    """Yields the tables of bench/studies/fitting.py."""
    if not found:
        return
    sets = found["sets"]
    kinds = ["random projection", "PCA + ITQ", *METHODS_OF_MEANS]
    names = {name: f"fitted, {method.paper.name}" for name, method in METHODS.items()}
    rows = []
    for name, photos in REPORTED.items():
        if name not in sets:
            continue
        measured = sets[name]
        size = f"{measured['size']['photos']:,} photos, {measured['size']['classes']} kinds"
        rows.append([f"**{photos.words}**: {size}; float cosine {both(measured['float'])}"])
        for kind in kinds:
            by_length = [measured.get(bits, {}).get(kind) for bits in lengths(sets)]
            rows.append([names.get(kind, kind), *map(both, by_length)])
    width = 1 + len(lengths(sets))
    rows = [row + [""] * (width - len(row)) for row in rows]
    yield INTRODUCTION
    yield table(["codes", *(f"{bits} bits" for bits in lengths(sets))], rows)
    tuned = [name for name in TUNING if name in sets]
    ways = [way for way in sets[tuned[0]] if way not in ("size", "float")] if tuned else []
    if ways:
        yield ABLATION.format(bits=ABLATION_BITS)
        yield table(
            ["changed", *(TUNING[name].words for name in tuned)],
            [
                ["float cosine", *(both(sets[name]["float"]) for name in tuned)],
                *([way, *(both(sets[name].get(way)) for name in tuned)] for way in ways),
            ],
        )


def lengths(sets: dict) -> list[str]:
    """Returns the code lengths that were measured, the shortest first."""
    return sorted({key for found in sets.values() for key in found if key.isdigit()}, key=int)


def both(measured: dict | None) -> str:
    return f"{measured['map']:.3f} / {measured['recall@1']:.3f}" if measured else "-"


def grown(found: dict) -> Iterator[str]:
    """Yields the table of bench/fit.py."""
    if not found:
        return
    yield GROWTH.format(**found)
    yield table(
        ["photos", "seconds", "processor seconds", "features, MB", "peak memory, MB"],
        [
            (
                f"{int(photos):,}",
                f"{one['seconds']:g}",
                f"{one['processor_seconds']:g}",
                f"{one['features_megabytes']:,}",
                f"{one['peak_megabytes']:,}",
            )
            for photos, one in sorted(found["photos"].items(), key=lambda item: int(item[0]))
        ],
    )
