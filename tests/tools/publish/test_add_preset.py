"""A finished training becomes presets: its hash layer, others on its trunk, figures, pictures."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow

from classwise.zoo import InputError, load
from classwise.zoo.cards.cards import card
from classwise.zoo.datasets.protocols import Protocol
from classwise.zoo.encoding.encoders import open_encoder
from classwise.zoo.evaluation.evaluate import encode_protocol, evaluate_sets
from classwise.zoo.presets import get_preset
from classwise.zoo.presets.registry import get_trunk, presets, trunks
from classwise.zoo.training.recipe import Optimizer, Recipe, Stage
from classwise.zoo.training.training_loop import train
from tools.publish.add_preset import add_presets, by_recipe
from tools.publish.card_pictures import PICTURES, shown_weights
from tools.publish.check_entry import problems
from tools.publish.entries import trained_with
from tools.publish.store_run import open_run, read_run
from tools.publish.store_trunk import store_trunk

TRUNK = "dcwh_resnet8_fashion_mnist"


@pytest.fixture
def small_data_set(protocol_images, monkeypatch):
    images = protocol_images((28, 28, 1))
    monkeypatch.setattr(Protocol, "load", lambda self, data_dir=None: images)
    return images


def trained(folder, images, bits, seed=0, name=None, **changes):
    """Trains a hasher of one epoch; returns the folder of the training."""
    name = name or f"{TRUNK}_{bits}"
    settings = {
        "method": "dcwh",
        "protocol": images.protocol.name,
        "backbone": "resnet8",
        "stages": (Stage(1),),
        "optimizer": Optimizer(learning_rate=0.01),
    }
    recipe = Recipe(
        name=name,
        code_length=bits,
        batch_size=32,
        seed=seed,
        **(settings | changes),
    )
    run = folder / f"{recipe.name}_{seed}"
    train(recipe, images.training, images.validation, run, tensorboard=False, verbose=0)
    return run


def of_another_seed(run, folder):
    """Copies a training of one epoch, as if its recipe's seed 1 had reached another accuracy."""
    shutil.copytree(run, folder)
    for name, changed in (("recipe.json", {"seed": 1}), ("log.jsonl", {"val_accuracy": 0.5432})):
        file = folder / name
        told = json.loads(file.read_text()) | changed
        file.unlink()
        file.write_text(json.dumps(told))
    return folder


@pytest.mark.large
def test_a_training_and_hash_layers_on_its_trunk(presets_folder, small_data_set, tmp_path):
    first = trained(tmp_path, small_data_set, 12)
    assert store_trunk(first, *read_run(first)) == TRUNK
    sha256 = trunks()[TRUNK].sha256
    second = trained(tmp_path, small_data_set, 9, trunk=TRUNK, frozen_until="pool")
    third = trained(tmp_path, small_data_set, 9, seed=1, trunk=TRUNK, frozen_until="pool")
    add_presets([first, second, third], tmp_path)
    of_third = evaluate_sets(encode_protocol(open_encoder(third / "hasher.keras"), small_data_set))
    reached = of_third.to_dict()["metrics"]["map"]["expected"]
    assert get_preset(f"{TRUNK}_9").other_seeds == {"1": pytest.approx(reached, abs=1e-9)}
    assert get_preset(f"{TRUNK}_9").seed == 0
    assert get_preset(f"{TRUNK}_12").other_seeds == {}
    for bits, changed in ((12, None), (9, 0.0)):
        preset = get_preset(f"{TRUNK}_{bits}")
        assert preset.trunk == TRUNK
        assert get_trunk(TRUNK).sha256 == sha256
        # Nothing but what such a small data set brings about.
        small = {"its database has 100 codes", "it took 0.0 minutes"}
        small |= {f"its trunk {TRUNK}: it took 0.0 minutes"}
        assert set(problems(preset, get_trunk(TRUNK))) <= small
        assert preset.storage["bits_changed"] == changed or changed is None
        sets = encode_protocol(open_encoder(preset.name), small_data_set)
        measured = evaluate_sets(sets, embeddings=True).to_dict()
        for name, value in measured["metrics"].items():
            assert preset.metrics[name] == pytest.approx(value, abs=1e-9)
        assert preset.code_statistics == measured["code_statistics"]
        for name in PICTURES:
            assert shown_weights(tmp_path / "docs/models" / preset.name / name) == preset.sha256
    before, after = (load(f"{TRUNK}_{bits}").backbone.get_weights() for bits in (12, 9))
    for mine, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert open_run(second).unchanged
    assert not open_run(first).unchanged
    other = trained(tmp_path, small_data_set, 12, seed=1)
    with pytest.raises(InputError, match=f"{TRUNK}_12, {TRUNK}_9 stand on the trunk {TRUNK}"):
        store_trunk(other, *read_run(other))
    with pytest.raises(InputError, match=f"{TRUNK}_9 stand on the trunk {TRUNK}"):
        add_presets([other], tmp_path)
    with pytest.raises(InputError, match=f"{TRUNK}_12 has another trunk {TRUNK} than a training"):
        add_presets([second, other], tmp_path)
    assert trunks()[TRUNK].sha256 == sha256
    add_presets([other], tmp_path, replace=True)
    assert trunks()[TRUNK].sha256 != sha256
    assert [name for name in presets() if name.startswith(TRUNK)] == [f"{TRUNK}_12"]
    with pytest.raises(InputError, match=f"{TRUNK}_9 was trained on another trunk {TRUNK} than"):
        add_presets([second], tmp_path)


@pytest.mark.large
def test_a_trunk_that_was_frozen_first_is_stored(presets_folder, small_data_set, tmp_path):
    run = trained(
        tmp_path,
        small_data_set,
        12,
        name="dcwh_resnet9_thawed_trunk",
        backbone="resnet9",
        trunk="dcwh_resnet9_fashion_mnist",
        frozen_until="pool",
        stages=(Stage(1), Stage(1, frozen=False)),
        optimizer=Optimizer(learning_rate=0.01, thawed_learning_rate=0.001),
    )
    add_presets([run], tmp_path)
    origin = get_trunk("dcwh_resnet9_thawed").origin
    assert origin.startswith("Trained end to end by the recipe dcwh_resnet9_thawed_trunk, from ")


@pytest.mark.large
def test_a_trunk_of_a_recipe_of_its_own_tells_how_it_was_trained(
    presets_folder, small_data_set, tmp_path
):
    first = trained(tmp_path, small_data_set, 12, name=f"{TRUNK}_trunk")
    again = of_another_seed(first, tmp_path / "again")
    add_presets([first, again], tmp_path)
    [line] = map(json.loads, (again / "log.jsonl").read_text().splitlines())
    assert get_trunk(TRUNK).other_seeds == {"1": line["val_accuracy"]}
    assert f"the recipe reaches {line['val_accuracy']:.2%} with seed 1: over n = 2" in card(TRUNK)
    assert get_trunk(TRUNK).recipe["name"] not in presets()
    second = trained(tmp_path, small_data_set, 12, trunk=TRUNK, frozen_until="pool")
    add_presets([second, first], tmp_path)  # the same weights again: nothing stands in the way
    trunk = get_trunk(TRUNK)
    assert get_preset(f"{TRUNK}_12").trunk == TRUNK
    assert trunk.recipe["name"] == f"{TRUNK}_trunk"
    assert trunk.training["epochs"] == 1
    assert trunk.versions == json.loads((first / "log.jsonl").read_text())["versions"]
    text = card(TRUNK)
    assert f"Again: `classwise train {TRUNK}_trunk --output RUN`." in text
    assert "| method | dcwh |" in text
    assert f"keras {trunk.versions['keras']}" in text
    log = presets_folder / trunk.file.replace(".safetensors", ".log.jsonl")
    assert log.read_text() == (first / "log.jsonl").read_text()
    log.unlink()
    missing = f"its trunk {TRUNK}: there is no log {log.name}"
    assert missing in problems(get_preset(f"{TRUNK}_12"), trunk)
    trunk.other_seeds["0"] = 1.5
    found = problems(get_preset(f"{TRUNK}_12"), trunk)
    assert {"its trunk's seed 0 is no other seed", "its trunk's seed 0 has accuracy 1.5"} <= {
        *found
    }
    trunk.recipe["stages"] *= 2
    wrong = f"its trunk has not {trunk.training['epochs'] + 1} epochs"
    assert wrong in problems(get_preset(f"{TRUNK}_12"), trunk)


def test_trainings_of_one_recipe_differ_in_the_seed_alone():
    recipe = Recipe("mine", "dcwh", "cifar10-full", "resnet8", 12, (Stage(1),))
    again, other = (dataclasses.replace(recipe, seed=seed) for seed in (1, 2))
    of_another = dataclasses.replace(recipe, name="another")
    folders = {Path("a"): recipe, Path("b"): of_another, Path("c"): again, Path("d"): other}
    assert by_recipe(folders) == [[Path("a"), Path("c"), Path("d")], [Path("b")]]
    for wrong in (again, dataclasses.replace(recipe, seed=3, batch_size=16)):
        with pytest.raises(InputError, match="c and e are trainings of mine whose recipes do not"):
            by_recipe({Path("c"): again, Path("e"): wrong})


def test_versions_are_those_of_the_last_start_and_of_this_machine_where_none_are_told():
    assert trained_with([{"backend": "tensorflow"}])["tensorflow"] == tensorflow.__version__
    told = [{"versions": {"jax": "1"}}, {"backend": "jax"}, {"versions": {"jax": "2"}}, {}]
    assert trained_with(told) == {"jax": "2"}


def test_what_is_no_training(tmp_path):
    with pytest.raises(InputError, match="holds no training"):
        read_run(tmp_path)
