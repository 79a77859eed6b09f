"""Bundles the hasher of a finished training: python -m classwise.zoo.presets.add_preset RUN ..."""

import argparse
import dataclasses
import json
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import ProtocolImages, get_protocol
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.encoders import KerasEncoder
from classwise.zoo.errors import InputError
from classwise.zoo.evaluation import encode_protocol, evaluate
from classwise.zoo.files import replacing_file, sha256
from classwise.zoo.hasher import Hasher
from classwise.zoo.presets import registry
from classwise.zoo.presets.load import head_variables, load_backbone, load_file, restore
from classwise.zoo.presets.weight_files import named_weights, variables_by_path, write_weights
from classwise.zoo.retrieval.retrieval_result import ORDERS
from classwise.zoo.training.recipe import Recipe, build_recipe
from classwise.zoo.training.run_directory import SELECTED_BY, read_log, selected_epoch

PACKAGES = ("classwise", "keras", "tensorflow", "numpy")
LICENSE = "Apache-2.0"
# Of the bits of all queries, those that storing the trunk as float16 may change.
BITS_CHANGED = 0.001
MOST_CONFUSIONS = 10


def add_preset(run: Path, data_dir: Path | None = None) -> dict:
    """Stores a run's hasher and log among the presets, and measures what was stored.

    Run on the machine that trained, so that the versions recorded are those of the training.

    Returns:
        The entry.

    Raises:
        InputError: storing the trunk as float16 changes too many bits, or other presets stand on
            the trunk that would be replaced.
    """
    recipe = build_recipe(json.loads((run / "recipe.json").read_text()), "recipe.json")
    trained = load_file(run / "hasher.keras")
    protocol = get_protocol(recipe.protocol)
    file = Path("files") / f"{recipe.name}.safetensors"
    entry = {
        "method": recipe.method,
        "backbone": recipe.backbone,
        "dataset": protocol.dataset,
        "protocol": protocol.name,
        "code_length": recipe.code_length,
        "image_shape": trained.image_shape,
        "class_names": trained.class_names,
        "trunk": store_trunk(recipe, protocol.dataset, trained),
    }
    write_weights(registry.FOLDER / file, named_weights(head_variables(trained)), np.float32)
    with replacing_file(registry.FOLDER / file.with_suffix(".log.jsonl")) as temporary:
        shutil.copyfile(run / "log.jsonl", temporary)
    log = read_log(run)
    best = selected_epoch(log)
    entry |= {
        **describe_file(file),
        "seed": recipe.seed,
        "recipe": recipe.to_dict(),
        "training": {
            "epochs": len(log),
            "minutes": round(sum(line["seconds"] for line in log) / 60, 1),
            "cores": os.cpu_count(),
            "selected_epoch": best["epoch"],
            SELECTED_BY: best[SELECTED_BY],
        },
        "versions": {package: version(package) for package in PACKAGES},
        "license": LICENSE,
    }
    unmeasured = {field.name: {} for field in dataclasses.fields(registry.Preset)}
    preset = registry.Preset(**{**unmeasured, **entry, "name": recipe.name})
    entry |= measure(stored_hasher(preset, trained), trained, protocol.load(data_dir))
    write_entry("presets", recipe.name, entry)
    return entry


def stored_hasher(preset: registry.Preset, trained: Hasher) -> Hasher:
    """Returns the hasher that the stored files give, which has no entry yet."""
    settings = trained.get_config()
    settings = {
        key: settings[key] for key in ("code_length", "num_classes", "normalize", "class_names")
    }
    backbone = load_backbone(preset.trunk, preset.image_shape)
    return restore(Hasher(backbone, **settings), preset)


def measure(stored: Hasher, trained: Hasher, images: ProtocolImages) -> dict:
    """Returns what a stored hasher measures under its protocol."""
    sets = encode_protocol(KerasEncoder(stored), images)
    queries = resize(images.queries, trained.image_shape)
    before = trained.encode(np.asarray(queries.images[:]), verbose=0)
    flipped = np.unpackbits(sets.query_codes ^ before).sum()
    changed = float(flipped / (len(sets.query_codes) * trained.code_length))
    if changed > BITS_CHANGED:
        raise InputError(
            f"Storing this hasher as float16 changes {changed:.2%} of the queries' bits, more than "
            f"{BITS_CHANGED:.1%}; its weights need float32."
        )
    evaluation = evaluate(sets, embeddings=True)
    measured = evaluation.to_dict()
    nearest = evaluation.classification["hamming"]
    wrong = nearest.confusion.round().astype(int)
    np.fill_diagonal(wrong, 0)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = zip(*np.unravel_index(worst, wrong.shape), strict=True)
    return {
        "storage": {"trunk": "float16", "bits_changed": changed},
        "metrics": measured["metrics"],
        "excluded_queries": measured["excluded_queries"],
        "per_class": {
            "map": evaluation.retrieval.per_class["map"][ORDERS.index("expected")]
            .round(6)
            .tolist(),
            "accuracy": nearest.per_class.round(6).tolist(),
        },
        "confusions": [[int(a), int(b), int(wrong[a, b])] for a, b in pairs if wrong[a, b]],
        "code_statistics": measured["code_statistics"],
        "accuracy": {
            kind: {key: result[key] for key in ("accuracy", "standard_error")}
            for kind, result in measured["classification"].items()
        },
        "embedding_metrics": measured["embedding"]["metrics"],
    }


def store_trunk(recipe: Recipe, dataset: str, trained: Hasher) -> str:
    """Stores a hasher's backbone, unless it is its recipe's trunk unchanged; returns its name."""
    weights = named_weights(variables_by_path(trained.backbone))
    if recipe.trunk is not None:
        given = load_backbone(recipe.trunk, trained.image_shape)
        given = named_weights(variables_by_path(given))
        if all(np.array_equal(given[name], weights[name]) for name in given):
            return registry.get_trunk(recipe.trunk).name
    name = re.sub(r"_[0-9]+$", "", recipe.name)
    standing = [p for p in registry.presets().values() if p.trunk == name != p.name]
    others = [preset.name for preset in standing if preset.name != recipe.name]
    if others:
        raise InputError(f"{', '.join(others)} stand on the trunk {name}; remove them first.")
    layers = f"Trained above {recipe.frozen_until}" if recipe.frozen_until else "Trained end to end"
    start = recipe.trunk or "random weights"
    origin = f"{layers} by the recipe {recipe.name}, from {start}."
    add_trunk(name, weights, recipe.backbone, dataset, trained.image_shape, origin)
    return name


def add_trunk(name, weights, backbone, dataset, image_shape, origin) -> dict:
    """Stores a backbone's weights, by name, as a trunk; returns its entry."""
    file = Path("files") / f"{name}.safetensors"
    write_weights(registry.FOLDER / file, weights)
    entry = {
        **describe_file(file),
        "backbone": backbone,
        "dataset": dataset,
        "image_shape": image_shape,
        "origin": origin,
        "license": LICENSE,
    }
    write_entry("trunks", name, entry)
    return entry


def describe_file(file: Path) -> dict:
    path = registry.FOLDER / file
    return {"file": file.as_posix(), "bytes": path.stat().st_size, "sha256": sha256(path)}


def write_entry(kind: str, name: str, entry: dict) -> None:
    """Writes an entry into its family's table, `{backbone}_{data set}.json`."""
    path = registry.FOLDER / f"{entry['backbone']}_{entry['dataset']}.json"
    found = {"format_version": registry.FORMAT_VERSION, "trunks": {}, "presets": {}}
    if path.exists():
        found |= json.loads(path.read_text(encoding="utf-8"))
    found[kind] = dict(sorted({**found[kind], name: entry}.items()))
    with replacing_file(path) as temporary:
        text = json.dumps(found, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    registry.tables.cache_clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    for directory in options.runs:
        entry = add_preset(directory, options.data_dir)
        print(f"{directory.name}: mAP {entry['metrics']['map']['expected']:.4f}")
