"""What is wrong with a preset's entry: one that contradicts itself or its files tells lies."""

import json
import re
from collections.abc import Iterator

import numpy as np

from classwise.zoo.datasets.catalogue import DATA_SETS, get_data_set
from classwise.zoo.datasets.protocol_digests import recorded_digests
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.foundation.files import sha256
from classwise.zoo.methods import METHODS, get_method
from classwise.zoo.presets import registry
from classwise.zoo.presets.registry import Preset, Trunk
from classwise.zoo.retrieval.metrics import find_metric
from classwise.zoo.training.recipe import build_recipe
from classwise.zoo.training.run_directory import training_minutes
from tools.publish.check_foreign import foreign
from tools.publish.check_photo_entry import PHOTOS
from tools.publish.entries import trained_on

SHA256 = re.compile(r"[0-9a-f]{64}")
LICENSES = ("Apache-2.0",)
LARGEST = 12_000_000  # bytes of a preset's files together
# Of the bits of all queries, those that storing the trunk as float16 may change.
BITS_CHANGED = 0.001
# Values of classes are rounded to six digits; so is their mean, nearly.
ROUNDING = 2e-6

# Whether something holds, and what is wrong where it does not.
Checks = Iterator[tuple[bool, str]]


def problems(preset: Preset, trunk: Trunk) -> list[str]:
    """Returns what of an entry cannot be true, a phrase each.

    Args:
        preset: the entry.
        trunk: the entry of its backbone's weights.
    """
    found = []
    of_classes = (classes, nearest, recipe, course)
    of_kind = PHOTOS if preset.pools else of_classes
    for check in (names, weights, retrieval, codes, foreign, *of_kind):
        try:
            for holds, problem in check(preset, trunk):
                if not holds:
                    found.append(problem)
        except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
            found.append(f"{check.__name__} cannot be read ({type(error).__name__}: {error})")
    return found


def names(preset: Preset, trunk: Trunk) -> Checks:
    """What was trained on what: name, method, data set, protocol, trunk, classes, license."""
    built = f"{preset.method}_{preset.backbone}_{preset.dataset}_{preset.code_length}"
    yield preset.name == built, f"its name is not {built}"
    yield preset.method in METHODS, f"method {preset.method} is unknown"
    yield trunk.name == preset.trunk, f"its trunk is {preset.trunk}"
    yield trunk.backbone == preset.backbone, f"its trunk is a {trunk.backbone}"
    for entry in (preset, trunk):
        yield entry.license in LICENSES, f"license {entry.license} is unknown"
        yield entry.dataset in DATA_SETS, f"dataset {entry.dataset} is unknown"
        shape = entry.image_shape
        whole = len(shape) == 3 and all(isinstance(size, int) and size > 0 for size in shape)
        yield whole, f"image_shape is {shape}"
    dataset = preset.dataset if preset.pools else get_protocol(preset.protocol).dataset
    yield preset.dataset == dataset, f"protocol {preset.protocol} is of {dataset}"
    known = get_data_set(preset.dataset)
    same = known.image_shape is None or preset.image_shape[2] == known.image_shape[2]
    yield same, "its images have other channels"
    different = len(set(preset.class_names))
    yield different == len(preset.class_names) == known.num_classes, f"{different} classes differ"


def weights(preset: Preset, trunk: Trunk) -> Checks:
    """Files and their sizes, and what storing them changed."""
    for entry in (preset, trunk):
        yield bool(SHA256.fullmatch(entry.sha256)), f"{entry.sha256} is no SHA-256"
        path = registry.FOLDER / entry.file
        if path.is_file():
            yield path.stat().st_size == entry.bytes, f"{entry.file} has not {entry.bytes} bytes"
            yield sha256(path) == entry.sha256, f"{entry.file} has another SHA-256"
    total = preset.bytes + trunk.bytes
    yield 0 < min(preset.bytes, trunk.bytes) < total <= LARGEST, f"its files have {total} bytes"
    stored = preset.storage["trunk"]
    yield stored in ("float16", "float32"), f"its trunk is stored as {stored}"
    if preset.pools:  # all its figures are those of the stored weights
        return
    changed = preset.storage["bits_changed"]
    yield 0 <= changed <= BITS_CHANGED, f"storing it changed {changed:.3%} of the bits"


def retrieval(preset: Preset, trunk: Trunk) -> Checks:
    """Metrics lie in 0..1 and inside their tie bands; those without ties have none."""
    yield "map" in preset.metrics, "mAP is missing"
    for name, value in preset.metrics.items():
        metric = find_metric(name, "codes")
        low, high = ("worst", "best") if metric.higher_is_better else ("best", "worst")
        inside = 0 <= value[low] <= value["expected"] <= value[high] <= 1
        yield inside, f"{name} is {value['expected']}, outside its tie band or 0..1"
        if metric.parameter == "radius":
            yield value["worst"] == value["best"], f"{name} has a tie band"
        yield 0 <= value["standard_error"] <= 0.5, f"{name} ± {value['standard_error']}"
    for seed, value in preset.other_seeds.items():
        yield seed.isdecimal() and int(seed) != preset.seed, f"{seed} is no other seed"
        yield 0 <= value <= 1, f"seed {seed} has mAP {value}"
    queries = recorded_digests(preset.protocol)["queries"]["images"]
    excluded = preset.excluded_queries
    yield 0 <= excluded < queries, f"{excluded} of {queries} queries are excluded"


def classes(preset: Preset, trunk: Trunk) -> Checks:
    """Values of classes agree with those of all queries, given how often every class asks."""
    count = len(preset.class_names)
    accuracy = preset.accuracy["hamming"]["accuracy"]
    wholes = {"map": preset.metrics["map"]["expected"], "accuracy": accuracy}
    asking = preset.per_class.get("queries")  # None: every class equally often
    if asking is not None:
        queries = recorded_digests(preset.protocol)["queries"]["images"]
        yield sum(asking) == queries, f"per_class queries are {sum(asking)}, not {queries}"
    for key, whole in wholes.items():
        values = np.array(preset.per_class[key], float)
        yield len(values) == count, f"per_class {key} has {len(values)} values"
        yield bool(((values >= 0) & (values <= 1)).all()), f"per_class {key} leaves 0..1"
        if not preset.excluded_queries:
            mean = np.average(values, weights=asking)
            yield abs(mean - whole) <= ROUNDING, f"per_class {key} has mean {mean:.6f}, not {whole}"
    counts = [queries for _, _, queries in preset.confusions]
    pairs = {(a, b) for a, b, _ in preset.confusions}
    within = all(a != b and 0 <= a < count and 0 <= b < count for a, b in pairs)
    yield within and len(pairs) == len(counts), "its confusions are not of different classes"
    ordered = counts == sorted(counts, reverse=True) and all(queries > 0 for queries in counts)
    yield ordered, "its confusions are not in their order"
    # A query between several centers counts in parts, and a sum of parts was rounded.
    wrong = (1 - accuracy) * recorded_digests(preset.protocol)["queries"]["images"]
    most = wrong + len(counts) / 2
    yield sum(counts) <= most, f"{sum(counts)} confusions are more than {wrong:.0f} errors"


def codes(preset: Preset, trunk: Trunk) -> Checks:
    """Statistics of the database codes."""
    found, bits = preset.code_statistics, preset.code_length
    database = recorded_digests(preset.protocol)["database"]["images"]
    different, distance = found["distinct_codes"], found["center_distance"]
    yield found["code_length"] == bits, f"its codes have {found['code_length']} bits"
    yield found["codes"] == database, f"its database has {found['codes']} codes"
    yield 1 <= different <= min(database, 2**bits), f"{different} codes differ"
    yield 0 <= found["constant_bits"] <= bits, f"{found['constant_bits']} bits are constant"
    for key, most in (("bit_imbalance", 0.5), ("bit_correlation", 1 + 1e-9)):
        yield 0 <= found[key]["mean"] <= found[key]["maximum"] <= most, f"{key} is {found[key]}"
    near = found["queries_within_radius_2"]
    yield 0 <= near <= 1, f"a share of {near} queries is near"
    if distance["minimum"] is None:  # without class centers
        return
    apart = 0 <= distance["minimum"] <= distance["mean"] <= bits
    yield apart, f"its centers are {distance} bits apart"


def nearest(preset: Preset, trunk: Trunk) -> Checks:
    """Nearest centers, and ranking by embeddings."""
    kinds = {get_method(preset.method).distance, "hamming"}
    yield set(preset.accuracy) == kinds, f"accuracy is not of {' and '.join(sorted(kinds))}"
    for kind, value in preset.accuracy.items():
        yield 0 <= value["accuracy"] <= 1, f"accuracy, {kind}, is {value['accuracy']}"
    values = {name: value["value"] for name, value in preset.embedding_metrics.items()}
    for name, value in values.items():
        yield 0 <= value <= 1, f"{name} is {value}"
    recalls = [values[f"recall@{k}"] for k in (1, 2, 4, 8)]
    yield recalls == sorted(recalls), "recall falls with more neighbors"


def recipe(preset: Preset, trunk: Trunk) -> Checks:
    """The recipe is one, is about this preset, and starts from weights that there are."""
    built = build_recipe(preset.recipe, "recipe")
    for key in ("name", "method", "backbone", "protocol", "code_length", "hidden_units", "seed"):
        value = getattr(built, key)
        yield value == getattr(preset, key), f"its recipe has {key} {value}"
    if built.trunk is not None:
        start = registry.get_trunk(built.trunk)
        yield start.backbone == preset.backbone, f"its recipe starts from a {start.backbone}"
    yield preset.training["epochs"] == built.epochs, f"its recipe has {built.epochs} epochs"
    yield {"classwise", "keras"} <= preset.versions.keys(), "versions are missing"


def course(preset: Preset, trunk: Trunk) -> Checks:
    """The trainings, as their logs tell them."""
    yield from logged(preset)
    if trunk.training:
        built = build_recipe(trunk.recipe, "recipe")
        yield built.backbone == trunk.backbone, f"its trunk's recipe is of a {built.backbone}"
        yield trunk.training["epochs"] == built.epochs, f"its trunk has not {built.epochs} epochs"
        for seed, value in trunk.other_seeds.items():
            other = seed.isdecimal() and int(seed) != built.seed
            yield other, f"its trunk's seed {seed} is no other seed"
            yield 0 <= value <= 1, f"its trunk's seed {seed} has accuracy {value}"
        for holds, problem in logged(trunk):
            yield holds, f"its trunk {trunk.name}: {problem}"


def logged(entry: Preset | Trunk) -> Checks:
    """What an entry tells of its training is what the log says."""
    told = entry.training
    yield 1 <= told["selected_epoch"] <= told["epochs"], f"epoch {told['selected_epoch']} was kept"
    yield told["minutes"] > 0, f"it took {told['minutes']} minutes"
    yield 0 <= told["val_accuracy"] <= 1, f"val_accuracy is {told['val_accuracy']}"
    file = (registry.FOLDER / entry.file).with_suffix(".log.jsonl")
    log = [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []
    yield bool(log), f"there is no log {file.name}"
    yield len(log) == told["epochs"], f"its log has {len(log)} epochs"
    minutes = training_minutes(log)
    yield minutes == told["minutes"], f"its log has {minutes} minutes"
    machine = trained_on(log)
    for key in ("backend", "device"):
        yield told.get(key) == machine.get(key), f"its log has {key} {machine.get(key)}"
    best = max(line["val_accuracy"] for line in log if line["selectable"])
    kept = log[told["selected_epoch"] - 1]["val_accuracy"]
    yield kept == best == told["val_accuracy"], f"its log has val_accuracy {best}, kept {kept}"
