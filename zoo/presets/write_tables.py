"""Writes the tables of README.md from the registry and bench/results, in the checkout's root:

python -m classwise.zoo.presets.write_tables
"""

import json
from pathlib import Path

from classwise.zoo.files import replacing_file
from classwise.zoo.presets.markdown import table
from classwise.zoo.presets.registry import Preset, presets

START = "<!-- results: python -m classwise.zoo.presets.write_tables -->"
END = "<!-- end of results -->"
RECALL = "recall@1"


def results(root: Path) -> str:
    """Returns everything that stands between the markers of README.md."""
    return "\n\n".join(
        part
        for part in (
            preset_table(list(presets().values())),
            bench_table(root / "bench" / "results"),
        )
        if part
    )


def preset_table(rows: list[Preset]) -> str:
    """Returns the presets with their retrieval metrics, as a Markdown table."""
    header = (
        "preset",
        "protocol",
        "mAP (worst to best order)",
        "mAP@100",
        "precision within radius 2",
        "nearest centre, codes",
        "Recall@1, cosine",
        "training",
    )
    cells = (
        (
            f"`{preset.name}`",
            preset.protocol,
            mean_ap(preset),
            f"{preset.metrics['map@100']['expected']:.4f}",
            f"{preset.metrics['precision_within_radius_2']['expected']:.4f}",
            f"{preset.accuracy['hamming']['accuracy']:.4f}",
            f"{preset.embedding_metrics[RECALL]['value']:.4f}",
            f"{preset.training['epochs']} epochs, {preset.training['minutes']:.0f} min",
        )
        for preset in rows
    )
    return (
        table(header, cells)
        + "\n\nmAP is the expectation over ties, over the whole database, ± its standard error "
        "over queries; the model was selected on validation images carved from the training "
        "split. `make verify-zoo` measures all of it again."
    )


def mean_ap(preset: Preset) -> str:
    """Returns a preset's mean average precision with its standard error and its tie band."""
    value = preset.metrics["map"]
    return (
        f"**{value['expected']:.4f}** ± {value['standard_error']:.4f} "
        f"({value['worst']:.4f} to {value['best']:.4f})"
    )


def bench_table(folder: Path) -> str:
    """Returns what `make bench` measured beside its targets, as a Markdown table."""
    rows = [row for read in (training_rows, retrieval_rows, export_rows) for row in read(folder)]
    if not rows:
        return ""
    return table(
        ["measured by `make bench`", "value", "target", "reached"],
        (
            (
                name,
                f"{value:.3g}",
                f"{sign} {target:g}",
                "yes" if meets(value, sign, target) else "no",
            )
            for name, value, sign, target in rows
        ),
    )


def meets(value: float, sign: str, target: float) -> bool:
    return value <= target if sign == "<=" else value >= target


def read_results(folder: Path, name: str) -> dict:
    """Returns a file that a bench wrote, or nothing where it has not run."""
    file = folder / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else {}


def training_rows(folder: Path):
    found = read_results(folder, "training")
    for method, ratio in found.get("ratio_to_softmax", {}).items():
        yield f"epoch of {method} beside softmax", ratio, "<=", found["target"]


def retrieval_rows(folder: Path):
    found = read_results(folder, "retrieval")
    for name, figure in found.get("figures", {}).items():
        for unit, target in figure.get("target", {}).items():
            yield f"metrics, {name}: {unit}", figure[unit], "<=", target
    speedup = found.get("speedup_over_the_usual_way", {})
    for kind in sorted(speedup.keys() - {"target"}):
        name = f"metrics, {kind} codes: times faster than sorting"
        yield name, speedup[kind], ">=", speedup["target"]


def export_rows(folder: Path):
    for name, figure in read_results(folder, "export").get("targets", {}).items():
        sign, target = figure["target"].split()
        yield f"export, {name}", figure["value"], sign, float(target)


def write(root: Path) -> None:
    """Replaces the part of README.md between the markers."""
    readme = root / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    with replacing_file(readme) as temporary:
        temporary.write_text(f"{before}{START}\n{results(root)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(Path.cwd())
