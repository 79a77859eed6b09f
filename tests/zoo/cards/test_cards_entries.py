"""Every entry of the registry is sane, and one that lies is found."""

import copy
import dataclasses

import pytest

from classwise.zoo import InputError
from classwise.zoo.presets import registry
from classwise.zoo.presets.list_models import list_models
from classwise.zoo.presets.registry import get_preset, get_trunk, presets
from tools.publish import write_cards
from tools.publish.check_entry import problems

PRESET = get_preset(list_models(method="dcwh", dataset="fashion_mnist")[0])
TRUNK = get_trunk(PRESET.name)


@pytest.mark.parametrize("name", presets())
def test_an_entry_is_sane(name):
    assert problems(presets()[name], get_trunk(name)) == []


def lie(path, value):
    """Returns the entry with another value at a path such as "metrics/map/worst"."""
    field, *keys = path.split("/")
    if not keys:
        return dataclasses.replace(PRESET, **{field: value})
    whole = copy.deepcopy(getattr(PRESET, field))
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    inner[int(keys[-1]) if isinstance(inner, list) else keys[-1]] = value
    return dataclasses.replace(PRESET, **{field: whole})


MAP = PRESET.metrics["map"]["expected"]
LIES = [
    ("name", "dcwh_better_net_48", "its name is not"),
    ("method", "magic", "method magic is unknown"),
    ("backbone", "resnet8", "its trunk is a"),
    ("dataset", "cifar10", "is of"),
    ("dataset", "mnist", "dataset mnist is unknown"),
    ("protocol", "cifar100-full", "is of cifar100"),
    ("protocol", "my-own", "Unknown protocol 'my-own'"),
    ("trunk", "another", "its trunk is another"),
    ("license", "", "license  is unknown"),
    ("image_shape", (28, 28, 2), "other channels"),
    ("image_shape", (28, 0, 1), "image_shape is"),
    ("class_names", PRESET.class_names[:-1], "classes differ"),
    ("class_names", ("a",) * len(PRESET.class_names), "1 classes differ"),
    ("sha256", "0" * 64, "another SHA-256"),
    ("sha256", "0" * 63, "is no SHA-256"),
    ("bytes", PRESET.bytes + 1, "bytes"),
    ("bytes", 13_000_000, "its files have"),
    ("storage/bits_changed", 0.01, "changed 1.000% of the bits"),
    ("storage/trunk", "int4", "stored as int4"),
    ("metrics", {}, "mAP is missing"),
    ("metrics/map/expected", MAP + 1e-4, "per_class map has mean"),
    ("metrics/map/expected", 1.2, "outside its tie band"),
    ("metrics/map/worst", MAP + 1e-9, "outside its tie band"),
    ("metrics/map/standard_error", float("nan"), "map ± nan"),
    ("metrics/precision_within_radius_2/best", 1.0, "has a tie band"),
    ("excluded_queries", -1, "-1 of"),
    ("other_seeds", {"0": 0.9}, "0 is no other seed"),
    ("other_seeds", {"one": 0.9}, "one is no other seed"),
    ("other_seeds", {"1": 90.0}, "seed 1 has mAP 90.0"),
    ("per_class/map", [0.5], "per_class map has 1 values"),
    ("per_class/accuracy/0", 1.5, "per_class accuracy leaves 0..1"),
    ("per_class/accuracy/0", 0.1234, "per_class accuracy has mean"),
    ("per_class/queries", [1000] * 9 + [500], "per_class queries are 9500, not 10000"),
    ("per_class/queries", [1900] + [900] * 9, "per_class map has mean"),
    ("confusions", [[0, 0, 5]], "not of different classes"),
    ("confusions", [[0, 10, 5]], "not of different classes"),
    ("confusions", [[0, 1, 5], [0, 1, 4]], "not of different classes"),
    ("confusions", [[0, 1, 5], [1, 0, 6]], "not in their order"),
    ("confusions", [[0, 1, 9000]], "more than"),
    ("code_length", PRESET.code_length + 8, "its codes have"),
    ("code_statistics/codes", 10, "its database has 10 codes"),
    ("code_statistics/distinct_codes", 70_000, "70000 codes differ"),
    ("code_statistics/constant_bits", 5000, "5000 bits are constant"),
    ("code_statistics/bit_imbalance", {"mean": 0.2, "maximum": 0.1}, "bit_imbalance"),
    ("code_statistics/bit_correlation/maximum", 1.1, "bit_correlation"),
    ("code_statistics/queries_within_radius_2", 1.1, "1.1 queries"),
    ("code_statistics/center_distance/minimum", 5000, "bits apart"),
    ("accuracy/hamming/accuracy", 1.1, "accuracy, hamming"),
    ("accuracy", {"hamming": PRESET.accuracy["hamming"]}, "accuracy is not of"),
    ("embedding_metrics/recall@1/value", 1.0, "recall falls"),
    ("embedding_metrics/nmi/value", -0.1, "nmi is"),
    ("recipe/code_length", 4000, "its recipe has code_length 4000"),
    ("recipe/seed", 777, "its recipe has seed 777"),
    ("recipe/trunk", "nobody", "Unknown preset or trunk 'nobody'"),
    ("recipe/spell", "abracadabra", "Unknown key"),
    ("versions", {}, "versions are missing"),
    ("training/epochs", 333, "its log has"),
    ("training/selected_epoch", 0, "epoch 0 was kept"),
    ("training/minutes", 0, "0 minutes"),
    ("training/minutes", 9999.5, "its log has"),
    ("training/val_accuracy", 0.999, "its log has val_accuracy"),
    ("training", {}, "course cannot be read"),
    ("file", "files/gone.safetensors", "there is no log gone.log.jsonl"),
]


@pytest.mark.parametrize(("path", "value", "problem"), LIES, ids=[lie[0] for lie in LIES])
def test_a_lie_is_found(path, value, problem):
    found = problems(lie(path, value), TRUNK)
    assert any(problem in text for text in found), found


def test_a_trunk_that_lies_is_found(tmp_path, monkeypatch):
    for change in ({"bytes": 0}, {"sha256": "1" * 64}, {"license": "mine"}, {"backbone": "x"}):
        assert problems(PRESET, dataclasses.replace(TRUNK, **change))
    monkeypatch.setattr(registry, "FOLDER", tmp_path)
    (tmp_path / TRUNK.file).parent.mkdir()
    (tmp_path / TRUNK.file).write_bytes(b"another")
    assert any(TRUNK.file in problem for problem in problems(PRESET, TRUNK))


def test_no_card_is_written_of_an_entry_that_lies(tmp_path, monkeypatch):
    wrong = dataclasses.replace(PRESET, excluded_queries=-1)
    monkeypatch.setattr(write_cards, "presets", lambda: {PRESET.name: wrong})
    with pytest.raises(InputError, match=f"entry of {PRESET.name} is wrong: -1 of"):
        write_cards.write(tmp_path)
    assert list(tmp_path.iterdir()) == []
