"""Bundles the hashers of finished trainings, measures them, and draws their cards' pictures:

python -m tools.publish.add_preset RUN ... [--replace] [--data-dir DIR]

The training of a trunk stores that alone, for trainings of hash layers on it. Of several trainings
of one recipe with different seeds the first one given becomes the preset, or the trunk; what the
others reach, mAP or validation accuracy, stands in its entry. Run in the checkout's root.
"""

import argparse
import dataclasses
from itertools import groupby
from pathlib import Path

import numpy as np

from classwise.zoo.datasets.protocols import ProtocolImages, get_protocol
from classwise.zoo.datasets.resized_images import resize
from classwise.zoo.evaluation.evaluate import EncodedSets, evaluate_sets
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.retrieval.retrieval_result import ORDERS
from classwise.zoo.training.recipe import Recipe
from classwise.zoo.training.run_directory import SELECTED_BY, read_log, selected_epoch
from tools.publish.card_pictures import draw_pictures
from tools.publish.check_entry import BITS_CHANGED
from tools.publish.shared_trunk import encode_together
from tools.publish.store_run import Run, open_run, read_run, store_run
from tools.publish.store_trunk import store_trunk
from tools.publish.write_cards import CARDS

MOST_CONFUSIONS = 10


def add_presets(
    runs: list[Path], root: Path, data_dir: Path | None = None, replace: bool = False
) -> None:
    """Stores runs' trunks, hashers and logs among the presets, and measures what was stored.

    Args:
        runs: folders of finished trainings.
        root: the checkout, whose cards get pictures.
        data_dir: folder of TFDS data.
        replace: drop other presets that stand on a trunk which is replaced.

    Raises:
        InputError: storing a trunk as float16 changes too many bits, other presets stand on a
            trunk that would be replaced, a hash layer was trained on another one, or two trainings
            of one recipe differ in more than their seeds.
    """
    recipes = {folder: read_run(folder)[0] for folder in runs}
    dropped = None if replace else {recipe.name for recipe in recipes.values()}
    opened: list[Run] = []
    # Trunks first: hash layers stand on them.
    for first, *again in by_recipe(recipes):
        if recipes[first].makes_trunk:
            reached = {str(recipes[folder].seed): accuracy(folder) for folder in again}
            print(store_trunk(first, *read_run(first), dropped, other_seeds=reached))
    for folder in runs:
        if not recipes[folder].makes_trunk:
            opened.append(open_run(folder, dropped, used=[run.trunk for run in opened]))
    for (protocol, _), group in groupby(sorted(opened, key=shared), key=shared):
        images = get_protocol(protocol).load(data_dir)
        group = list(group)
        every = encode_together([run.stored for run in group], images)
        first: dict[str, tuple[Run, EncodedSets]] = {}
        others: dict[str, dict[str, float]] = {}
        for run, sets in zip(group, every, strict=True):
            name = run.recipe.name
            if first.setdefault(name, (run, sets))[0] is not run:
                reached = evaluate_sets(sets).to_dict()["metrics"]["map"]["expected"]
                others.setdefault(name, {})[str(run.recipe.seed)] = reached
        for name, (run, sets) in first.items():
            storage = {"trunk": "float16", "bits_changed": bits_changed(run, sets, images)}
            figures = {"storage": storage, **measure(sets), "other_seeds": others.get(name, {})}
            preset = store_run(run, figures)
            draw_pictures(preset, sets, images, root / CARDS / preset.name)
            print(f"{preset.name}: mAP {preset.metrics['map']['expected']:.4f}", flush=True)


def by_recipe(recipes: dict[Path, Recipe]) -> list[list[Path]]:
    """Returns the folders of each recipe's trainings, in their order.

    Raises:
        InputError: trainings of one recipe differ in more than their seeds, or have the same one.
    """
    found: dict[str, list[Path]] = {}
    for folder, recipe in recipes.items():
        same = found.setdefault(recipe.name, [])
        for other in same:
            known = recipes[other]
            if known.seed == recipe.seed or dataclasses.replace(known, seed=recipe.seed) != recipe:
                raise InputError(
                    f"{other} and {folder} are trainings of {recipe.name} whose recipes do not "
                    "differ in the seed alone; give one of them."
                )
        same.append(folder)
    return list(found.values())


def accuracy(folder: Path) -> float:
    """Returns the validation accuracy of the model that a training kept."""
    return selected_epoch(read_log(folder))[SELECTED_BY]


def shared(run: Run) -> tuple[str, str]:
    """What runs that are measured together have in common: their protocol and their trunk."""
    return run.recipe.protocol, run.trunk


def bits_changed(run: Run, sets: EncodedSets, images: ProtocolImages) -> float:
    """Returns the share of the queries' bits that storing changed.

    Raises:
        InputError: it is too large.
    """
    if run.unchanged:
        return 0.0
    queries = resize(images.queries, run.trained.image_shape)
    before = run.trained.encode(np.asarray(queries.images[:]), verbose=0)
    flipped = np.unpackbits(sets.query_codes ^ before).sum()
    changed = float(flipped / (len(before) * run.trained.code_length))
    if changed > BITS_CHANGED:
        raise InputError(
            f"Storing {run.recipe.name} as float16 changes {changed:.2%} of the queries' bits, "
            f"more than {BITS_CHANGED:.1%}; its weights need float32."
        )
    return changed


def measure(sets: EncodedSets, embeddings: bool = True) -> dict:
    """Returns the figures of an entry, those of ranking by embeddings only if asked for."""
    evaluation = evaluate_sets(sets, embeddings=embeddings)
    measured = evaluation.to_dict()
    nearest = evaluation.classification["hamming"]
    wrong = nearest.confusion.round().astype(int)
    np.fill_diagonal(wrong, 0)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = zip(*np.unravel_index(worst, wrong.shape), strict=True)
    figures = {
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
    }
    asking = np.bincount(sets.query_labels, minlength=len(wrong)).tolist()
    if len(set(asking)) > 1:
        figures["per_class"]["queries"] = asking
    if embeddings:
        figures["embedding_metrics"] = measured["embedding"]["metrics"]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument(
        "--replace",
        action="store_true",
        help="drop the presets that stand on a trunk which is replaced",
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of TFDS data")
    options = parser.parse_args()
    try:
        add_presets(options.runs, Path.cwd(), options.data_dir, options.replace)
    except InputError as error:
        parser.exit(2, f"add_preset: {error}\n")


if __name__ == "__main__":
    main()
