"""What a card says, of entries whose numbers are known."""

import dataclasses

import numpy as np
import pytest
import yaml

from classwise.zoo import InputError
from classwise.zoo.cards.cards import card
from classwise.zoo.cards.preset_card import preset_card
from classwise.zoo.cards.trunk_card import trunk_card
from classwise.zoo.presets.list_models import list_models
from classwise.zoo.presets.registry import get_preset, get_trunk, trunks

PRESET = get_preset(list_models(method="dcwh", dataset="fashion_mnist")[0])
TRUNK = get_trunk(PRESET.name)


def changed(**values):
    return dataclasses.replace(PRESET, **values)


def tables(text):
    """Returns the rows of every table of a card by the first column's title."""
    found = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|---"):
            header, rows = cells(lines[number - 1]), []
            for row in lines[number + 1 :]:
                if not row.startswith("|"):
                    break
                rows.append(cells(row))
            found.setdefault(header[0], []).append(rows)
    return found


def cells(line):
    return [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]


def test_metrics_stand_with_their_tie_band():
    values = {"expected": 0.81234, "worst": 0.7, "best": 0.91, "standard_error": 0.0021}
    (rows,) = tables(preset_card(changed(metrics={**PRESET.metrics, "map": values}), TRUNK))[
        "Hamming ranking"
    ]
    assert rows[0] == ["**mAP**", "0.8123", "0.0021", "0.7000", "0.9100"]
    assert len(rows) == len(PRESET.metrics)


@pytest.mark.parametrize("iterations", [0, 50])
def test_iterative_quantization_is_told(iterations):
    recipe = {**PRESET.recipe, "itq_iterations": iterations}
    told = "turned by iterative quantization" in preset_card(changed(recipe=recipe), TRUNK)
    assert told == bool(iterations)


def test_every_one_of_ten_classes_is_shown():
    (rows,) = [
        rows
        for rows in tables(preset_card(PRESET, TRUNK))["class"]
        if len(rows) == len(PRESET.class_names)
    ][:1]
    assert [row[0] for row in rows] == list(PRESET.class_names)
    assert [row[1] for row in rows] == [f"{value:.4f}" for value in PRESET.per_class["map"]]
    assert [row[2] for row in rows] == [f"{value:.4f}" for value in PRESET.per_class["accuracy"]]


def test_of_a_hundred_classes_the_best_and_the_worst_are_shown():
    values = np.random.default_rng(0).permutation(100) / 100
    many = changed(
        class_names=tuple(f"kind {number}" for number in range(100)),
        per_class={"map": values.tolist(), "accuracy": values.tolist()},
    )
    best, worst, _ = tables(preset_card(many, TRUNK))["class"]
    order = sorted(range(100), key=lambda number: values[number])
    assert [row[0] for row in worst] == [f"kind {number}" for number in order[:10]]
    assert [row[0] for row in best] == [f"kind {number}" for number in order[::-1][:10]]


def test_confusions_are_named_and_names_cannot_break_a_table():
    names = ("a|b", "*c*", *PRESET.class_names[2:])
    card = preset_card(changed(class_names=names, confusions=[[0, 1, 17], [1, 0, 3]]), TRUNK)
    rows = tables(card)["class"][-1]
    assert rows == [["a¦b", r"\*c\*", "17"], [r"\*c\*", "a¦b", "3"]]
    without = preset_card(changed(confusions=[]), TRUNK)
    assert "always the right one" in without


def test_sizes_and_checksums_are_those_of_both_files():
    (rows,) = tables(preset_card(PRESET, TRUNK))["file"][:1]
    assert [row[0] for row in rows] == [f"`{TRUNK.file}`", f"`{PRESET.file}`"]
    assert [row[2] for row in rows] == [f"`{TRUNK.sha256}`", f"`{PRESET.sha256}`"]
    total = f"{(PRESET.bytes + TRUNK.bytes) / 1e6:.2f} MB"
    assert f"The files have {total};" in preset_card(PRESET, TRUNK)


@pytest.mark.parametrize(
    ("start", "trunk", "recipe", "said"),
    [
        (None, TRUNK.name, {}, "Trained end to end from random weights."),
        (TRUNK.name, TRUNK.name, {}, "Only the hash layer and the class centers were trained"),
        (
            "other",
            TRUNK.name,
            {},
            "Trained end to end, starting from the trunk [`other`](other.md)",
        ),
        ("other", TRUNK.name, {"frozen_until": "stage3_add"}, "The layers above `stage3_add` and"),
    ],
)
def test_the_card_tells_what_was_trained(start, trunk, recipe, said):
    recipe = {**PRESET.recipe, "frozen_until": None, **recipe}
    told = preset_card(changed(recipe=recipe), TRUNK, start)
    assert said in told


def test_a_recipes_settings_are_all_there():
    recipe = {**PRESET.recipe, "novelty": {"so_new": True}, "nothing": None}
    (rows,) = tables(preset_card(changed(recipe=recipe), TRUNK))["setting"]
    rows = dict(rows)
    assert rows["novelty"] == "so new true"
    assert "nothing" not in rows
    assert f"learning rate {PRESET.recipe['optimizer']['learning_rate']}" in rows["optimizer"]
    stages = PRESET.recipe["stages"]
    assert [name for name in rows if name.startswith("stage ")] == [
        f"stage {number + 1}" for number in range(len(stages))
    ]
    assert f"{stages[0]['epochs']} epochs" in rows["stage 1"]


@pytest.mark.parametrize(("bits", "said"), [(12, "`[N, 2]`"), (16, "`[N, 2]`"), (17, "`[N, 3]`")])
def test_the_size_of_a_code(bits, said):
    text = preset_card(changed(code_length=bits), TRUNK)
    assert f"uint8 {said}" in text
    assert ("The last byte ends with" in text) == (bits % 8 > 0)
    assert ("ends with 4 zero bits" in text) == (bits == 12)


def test_excluded_queries_are_told():
    assert "are left out" not in preset_card(PRESET, TRUNK)
    assert "12 queries without a relevant item" in preset_card(changed(excluded_queries=12), TRUNK)


def test_metadata_has_the_measured_values():
    _, block, _ = preset_card(PRESET, TRUNK).split("---\n", maxsplit=2)
    values = yaml.safe_load(block)
    assert values["license"] == "apache-2.0"
    assert values["library_name"] == "keras"
    assert values["pipeline_tag"] == "image-feature-extraction"
    (model,) = values["model-index"]
    (result,) = model["results"]
    assert model["name"] == PRESET.name
    assert result["dataset"]["type"] == values["datasets"][0]
    shown = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert shown["map"] == round(PRESET.metrics["map"]["expected"], 4)
    assert shown["recall@1"] == round(PRESET.embedding_metrics["recall@1"]["value"], 4)
    assert all(set(metric) == {"type", "name", "value"} for metric in result["metrics"])


def test_a_card_outside_a_checkout_shows_no_pictures():
    assert "](" + PRESET.name + "/" in preset_card(PRESET, TRUNK)
    assert ".png" not in card(PRESET.name)


def test_a_trunks_card_names_its_origin_and_the_hashers_on_it():
    trunk = dataclasses.replace(TRUNK, origin="From a_b.", backbone="efficientnet_lite0")
    text = trunk_card(trunk, ["one", "two"])
    assert r"From a\_b." in text
    assert "[`one`](one.md), [`two`](two.md)" in text
    assert "tan2019efficientnet" in text
    assert "tan2019efficientnet" not in trunk_card(TRUNK, [])
    assert TRUNK.sha256 in text
    on_gpu = {**TRUNK.training, "minutes": 2.5, "backend": "jax", "device": "gpu"}
    text = trunk_card(dataclasses.replace(TRUNK, training=on_gpu), [])
    assert "epochs in 2.5 minutes on a GPU with the jax backend, seed 0." in text


def test_a_card_of_nothing():
    name = next(iter(trunks()))
    with pytest.raises(InputError, match=f"did you mean '{name}'"):
        card(name + "x")
