"""Writes the tables of README.md from the registry and bench/results, in the checkout's root:

python -m classwise.zoo.presets.write_tables
"""

import json
from pathlib import Path

from classwise.zoo.files import replacing_file
from classwise.zoo.presets.registry import Preset, presets

START = "<!-- results: python -m classwise.zoo.presets.write_tables -->"
END = "<!-- end of results -->"
RECALL = "recall@1"


def results(root: Path) -> str:
    """Returns everything that stands between the markers of README.md."""
    return "\n\n".join(
        part
        for part in (preset_table(list(presets().values())), *bench_sentences(root / "bench"))
        if part
    )


def preset_table(rows: list[Preset]) -> str:
    """Returns the presets with their retrieval metrics, as a Markdown table."""
    lines = [
        "| preset | protocol | mAP (worst to best order) | mAP@100 | precision within radius 2 "
        "| nearest centre, codes | Recall@1, cosine | training |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for preset in rows:
        metrics = preset.metrics
        mean_ap = metrics["map"]
        band = f"{mean_ap['worst']:.4f} to {mean_ap['best']:.4f}"
        error = mean_ap["standard_error"]
        lines.append(
            f"| `{preset.name}` | {preset.protocol} "
            f"| **{mean_ap['expected']:.4f}** ± {error:.4f} ({band}) "
            f"| {metrics['map@100']['expected']:.4f} "
            f"| {metrics['precision_within_radius_2']['expected']:.4f} "
            f"| {preset.accuracy['hamming']['accuracy']:.4f} "
            f"| {preset.embedding_metrics[RECALL]['value']:.4f} "
            f"| {preset.training['epochs']} epochs, {preset.training['minutes']:.0f} min |"
        )
    lines.append(
        "\nmAP is the expectation over ties, over the whole database, ± its standard error over "
        "queries; the model was selected on validation images carved from the training split. "
        "`make verify-zoo` measures all of it again."
    )
    return "\n".join(lines)


def bench_sentences(folder: Path) -> list[str]:
    """Returns one sentence for each measurement that `make bench` has written."""
    sentences = []
    training = folder / "results" / "training.json"
    if training.exists():
        ratios = json.loads(training.read_text())["ratio_to_softmax"]
        sentences.append(
            "An epoch with streaming centre updates takes "
            f"{ratios['dcwh']:.2f} × (DCWH) and {ratios['vmf']:.2f} × (vMF) the time of the same "
            "network with softmax cross-entropy (`bench/training.py`)."
        )
    return sentences


def write(root: Path) -> None:
    """Replaces the part of README.md between the markers."""
    readme = root / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    with replacing_file(readme) as temporary:
        temporary.write_text(f"{before}{START}\n{results(root)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write(Path.cwd())
