"""Makes a finished training a bundled preset: python -m classwise.zoo.presets.add_preset RUN ..."""

import argparse
import json
import shutil
from importlib.metadata import version
from pathlib import Path

from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.encoders import KerasEncoder
from classwise.zoo.evaluation import encode_protocol, evaluate
from classwise.zoo.files import replacing_file, sha256
from classwise.zoo.presets.load import load_file
from classwise.zoo.presets.registry import FOLDER, FORMAT_VERSION
from classwise.zoo.training.run_directory import SELECTED_BY

PACKAGES = ("classwise", "keras", "tensorflow", "numpy")
LICENSE = "Apache-2.0"


def add_preset(run: Path, data_dir: Path | None = None) -> dict:
    """Copies a run's hasher and log into the presets, measured under its protocol.

    The family's table is `{backbone}_{data set}.json`. Run on the machine that trained, so that
    the versions recorded are those of the training.

    Returns:
        The entry.
    """
    recipe = json.loads((run / "recipe.json").read_text())
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    name, protocol = recipe["name"], get_protocol(recipe["protocol"])
    hasher = load_file(run / "hasher.keras")
    sets = encode_protocol(KerasEncoder(hasher), protocol.load(data_dir))
    measured = evaluate(sets, embeddings=True).to_dict()

    file = Path("files") / f"{name}.keras"
    (FOLDER / "files").mkdir(exist_ok=True)
    for source, target in (("hasher.keras", file), ("log.jsonl", file.with_suffix(".log.jsonl"))):
        with replacing_file(FOLDER / target) as temporary:
            shutil.copyfile(run / source, temporary)
    best = max(
        (line for line in log if line["selectable"]),
        key=lambda line: (line[SELECTED_BY], line["epoch"]),
    )
    entry = {
        "method": recipe["method"],
        "backbone": recipe["backbone"],
        "dataset": protocol.dataset,
        "protocol": protocol.name,
        "code_length": recipe["code_length"],
        "image_shape": hasher.image_shape,
        "class_names": hasher.class_names,
        "file": file.as_posix(),
        "bytes": (FOLDER / file).stat().st_size,
        "sha256": sha256(FOLDER / file),
        "metrics": measured["metrics"],
        "excluded_queries": measured["excluded_queries"],
        "code_statistics": measured["code_statistics"],
        "accuracy": {
            kind: {key: result[key] for key in ("accuracy", "standard_error")}
            for kind, result in measured["classification"].items()
        },
        "embedding_metrics": measured["embedding"]["metrics"],
        "seed": recipe["seed"],
        "recipe": recipe,
        "training": {
            "epochs": len(log),
            "minutes": round(sum(line["seconds"] for line in log) / 60, 1),
            "selected_epoch": best["epoch"],
            SELECTED_BY: best[SELECTED_BY],
        },
        "versions": {package: version(package) for package in PACKAGES},
        "license": LICENSE,
    }
    table = FOLDER / f"{recipe['backbone']}_{protocol.dataset}.json"
    found = json.loads(table.read_text()) if table.exists() else {"presets": {}}
    found = {
        "format_version": FORMAT_VERSION,
        "presets": dict(sorted({**found["presets"], name: entry}.items())),
    }
    with replacing_file(table) as temporary:
        temporary.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return entry


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    for directory in options.runs:
        entry = add_preset(directory, options.data_dir)
        print(f"{directory.name}: mAP {entry['metrics']['map']['expected']:.4f}")
