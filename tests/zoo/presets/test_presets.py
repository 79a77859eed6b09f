import json

import keras
import numpy as np
import pytest

from classwise.zoo import Hasher, InputError, list_models, load, load_backbone
from classwise.zoo.cards.publications import AIMS
from classwise.zoo.datasets.protocols import get_protocol
from classwise.zoo.datasets.sample import load_sample
from classwise.zoo.foundation.files import sha256
from classwise.zoo.presets import get_preset, registry
from classwise.zoo.presets import load as load_module
from classwise.zoo.presets.weight_files import read_weights
from classwise.zoo.training.recipe import build_recipe
from classwise.zoo.training.recipe_files import read_recipe
from tests.zoo.presets.bundled import (
    FASHION,
    NAMES,
    ON_TRUNK,
    ONE_OF_EACH,
    ONE_OF_EACH_FASHION,
    PHOTOS,
    TRAINED,
)

BYTES = {
    "airbench": 4.5e6,
    "resnet9": 4.5e6,
    "efficientnet_lite0": 8.5e6,
    "efficientnet_lite2": 11.5e6,
}
FEATURES = {
    "airbench": 256,
    "resnet9": 192,
    "efficientnet_lite0": 1280,
    "efficientnet_lite2": 1280,
}


def test_both_methods_have_presets():
    """Or the tests over NAMES would pass by testing nothing."""
    assert {get_preset(name).method for name in NAMES} >= {"dcwh", "vmf"}


@pytest.mark.parametrize("aims", AIMS, ids=lambda aims: f"{aims.backbone}-{aims.protocol}")
def test_presets_reach_the_map_aimed_at(aims):
    dataset = get_protocol(aims.protocol).dataset
    for bits, aim in aims.map.items():
        (name,) = list_models(aims.method, dataset, bits, aims.backbone)
        assert get_preset(name).metrics["map"]["expected"] >= aim, name


@pytest.mark.parametrize("bits", [32, 48, 64])
def test_codes_of_vmf_rank_about_as_well_as_those_of_dcwh(bits):
    for aims in AIMS:
        dataset = get_protocol(aims.protocol).dataset
        found = [list_models(method, dataset, bits, aims.backbone)[0] for method in ("dcwh", "vmf")]
        dcwh, vmf = (get_preset(name).metrics["map"]["expected"] for name in found)
        assert vmf >= dcwh - 0.01, found


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_the_truth_about_its_file(name):
    preset = get_preset(name)
    for file in preset.files:
        path = registry.FOLDER / file.file
        assert (path.stat().st_size, sha256(path)) == (file.bytes, file.sha256)
    assert preset.total_bytes <= BYTES[preset.backbone]
    assert name == f"{preset.method}_{preset.backbone}_{preset.dataset}_{preset.code_length}"
    if name in TRAINED:
        assert get_protocol(preset.protocol).dataset == preset.dataset


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_hasher_is_what_its_entry_says(name):
    hasher, preset = load(name), get_preset(name)
    assert hasher.image_shape == preset.image_shape
    assert hasher.class_names == preset.class_names
    assert hasher.code_length == preset.code_length
    images = np.zeros((2, *preset.image_shape), np.uint8)
    assert hasher.encode(images, verbose=0).shape == (2, -(-preset.code_length // 8))


@pytest.mark.parametrize("name", NAMES)
def test_a_head_fits_its_trunk_and_its_entry(name):
    preset = get_preset(name)
    head = read_weights(registry.FOLDER / preset.file)
    features = FEATURES[preset.backbone]
    if preset.hidden_units:
        assert head["hidden_layer/kernel"].shape == (features, preset.hidden_units)
        features = preset.hidden_units
    assert head["hash_layer/kernel"].shape == (features, preset.code_length)
    assert head["class_centers/centers"].shape == (len(preset.class_names), preset.code_length)
    norms = np.linalg.norm(head["class_centers/centers"], axis=1)
    # The heads for any photos are stored in half precision.
    tolerance = 1e-3 if name in PHOTOS else 1e-5
    assert np.allclose(norms, 1, atol=tolerance) == (preset.method == "vmf")


@pytest.mark.parametrize("name", TRAINED)
def test_an_entry_has_its_recipe_and_log(name):
    preset = get_preset(name)
    recipe = read_recipe(name)
    # A preset may be older than a key of recipes, which then has its default.
    assert build_recipe(preset.recipe, name) == recipe
    log = (registry.FOLDER / preset.file).with_suffix(".log.jsonl").read_text().splitlines()
    assert len(log) == preset.training["epochs"] == recipe.epochs


@pytest.mark.parametrize("name", ON_TRUNK)
def test_a_trunk_has_its_recipe(name):
    recipe = registry.get_trunk(name).recipe
    assert build_recipe(recipe, name) == read_recipe(recipe["name"])


@pytest.mark.parametrize("name", NAMES)
def test_metrics_lie_inside_their_band(name):
    assert "map" in get_preset(name).metrics
    for value in get_preset(name).metrics.values():
        assert value["worst"] <= value["expected"] <= value["best"]


@pytest.mark.parametrize("trunk", [t for t, names in ON_TRUNK.items() if names[0] in FASHION])
def test_the_nearest_center_is_right_on_the_sample(trunk):
    sample = load_sample("fashion_mnist")
    features = load_backbone(trunk).predict(sample.images, verbose=0)
    for member in ON_TRUNK[trunk]:
        hasher = load(member)
        embeddings = keras.ops.convert_to_numpy(hasher.head(features))
        logits = embeddings @ hasher.class_centers.get_centers().T
        if not hasher.normalize:  # whose centers have one length
            logits -= (hasher.class_centers.get_centers() ** 2).sum(axis=1) / 2
        assert (logits.argmax(axis=1) == sample.labels).mean() > 0.9, member


def test_all_files_together_stay_small():
    files = {file.file: file.bytes for name in NAMES for file in get_preset(name).files}
    assert 0 < sum(files.values()) <= 120e6


def test_filters():
    for key in ("method", "dataset", "code_length", "backbone"):
        values = {name: getattr(get_preset(name), key) for name in NAMES}
        for value in values.values():
            expected = [name for name in NAMES if values[name] == value]
            assert list_models(**{key: value}) == expected
    first = get_preset(NAMES[0])
    assert NAMES[0] in list_models(method=first.method, backbone=first.backbone)
    assert list_models(method=first.method, code_length=first.code_length + 1) == []


@pytest.mark.parametrize("key", ["method", "dataset", "backbone"])
def test_a_filter_by_a_name_that_no_preset_has(key):
    known = getattr(get_preset(NAMES[0]), key)
    with pytest.raises(InputError, match=f"Unknown {key} '{known}x'; did you mean '{known}'"):
        list_models(**{key: f"{known}x"})


def test_fine_tuning_gets_a_fresh_head_on_the_trained_backbone():
    name = FASHION[0]
    trained, fresh = load(name), load(name, num_classes=3, code_length=20)
    assert (fresh.num_classes, fresh.code_length) == (3, 20)
    assert fresh.normalize == trained.normalize
    assert fresh.hidden_units == trained.hidden_units == 0
    assert load(name, hidden_units=6).hidden_layer.kernel.shape == (192, 6)
    for mine, other in zip(
        fresh.backbone.get_weights(), trained.backbone.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    with pytest.raises(InputError, match="from 2 on"):
        load(name, num_classes=1)


def test_a_loaded_preset_goes_on_training_with_its_own_loss():
    for name in ONE_OF_EACH_FASHION:
        hasher, sample = load(name), load_sample("fashion_mnist")
        loss = get_preset(name).recipe["stages"][-1]["loss"]
        assert loss.items() <= hasher.loss.get_config().items()
        scores = hasher.evaluate(
            sample.images[:200], sample.labels[:200], return_dict=True, verbose=0
        )
        assert scores["accuracy"] > 0.9


def test_a_fresh_head_of_another_method_and_size():
    hasher = load(FASHION[0], num_classes=4, code_length=9, method="vmf", image_shape=(32, 24, 1))
    assert (hasher.image_shape, hasher.normalize) == ((32, 24, 1), True)
    assert hasher.class_names == ("0", "1", "2", "3")
    with pytest.raises(InputError, match="did you mean 'vmf'"):
        load(FASHION[0], method="vfm")
    with pytest.raises(InputError, match=r"1 channel.* \(32, 24, 3\); give \(32, 24, 1\)"):
        load(FASHION[0], num_classes=4, image_shape=(32, 24, 3))


def test_a_trunk_is_loaded_as_a_backbone_or_with_a_fresh_head():
    trunk = get_preset(FASHION[0]).trunk
    backbone = load_backbone(trunk)
    for mine, other in zip(
        backbone.get_weights(), load(FASHION[0]).backbone.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    assert load(trunk, num_classes=3, code_length=8).class_centers.get_centers().shape == (3, 8)
    with pytest.raises(InputError, match="give num_classes and code_length"):
        load(trunk, num_classes=3)
    with pytest.raises(InputError, match=f"Unknown preset or trunk .*did you mean '{trunk}'"):
        load_backbone(trunk + "x")


@pytest.mark.parametrize("form", ["tf_saved_model", "onnx"])
def test_a_loaded_backbone_is_exported_by_keras(form, tmp_path):
    backbone = load_backbone("dcwh_resnet9_fashion_mnist_16")
    backbone.export(tmp_path / "trunk", format=form, verbose=False)
    assert (tmp_path / "trunk").exists()


@pytest.mark.parametrize("image_shape", [32, (32, 32), (0, 32, 1), (4, 4, 1), (32, 32, 3)])
def test_a_size_that_no_network_takes(image_shape):
    with pytest.raises(InputError, match=r"(image|input)_shape"):
        load(FASHION[0], num_classes=3, image_shape=image_shape)


def test_unknown_preset():
    with pytest.raises(InputError, match=f"did you mean '{FASHION[0]}'"):
        load(FASHION[0] + "x")


def test_one_altered_byte_is_found(presets_folder):
    path = presets_folder / get_preset(FASHION[0]).file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="altered or cut"):
        load(FASHION[0])


def test_a_cut_or_missing_file_is_found(presets_folder):
    path = presets_folder / get_preset(FASHION[0]).file
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="altered or cut"):
        load(FASHION[0])
    path.unlink()
    with pytest.raises(InputError, match="is missing"):
        load(FASHION[0])


def test_a_newer_format_is_refused(presets_folder):
    table = next(presets_folder.glob("*.json"))
    content = json.loads(table.read_text())
    table.write_text(json.dumps({**content, "format_version": 99}))
    with pytest.raises(InputError, match="format version 99"):
        list_models()


def test_files_that_are_no_hashers(tmp_path):
    with pytest.raises(InputError, match="no model file"):
        load_module.load_file(tmp_path / "gone.keras")
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(InputError, match="not a readable"):
        load_module.load_file(tmp_path / "text.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "dense.keras")
    with pytest.raises(InputError, match="holds a Sequential, not a classwise Hasher"):
        load_module.load_file(tmp_path / "dense.keras")


def test_nothing_in_a_model_file_is_executed(tmp_path):
    """A Lambda layer would run code of the file."""
    images = keras.Input((4, 4, 1))
    features = keras.layers.Flatten()(keras.layers.Lambda(lambda x: x * 2)(images))
    Hasher(keras.Model(images, features), 8, 2).save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match="not a readable"):
        load_module.load_file(tmp_path / "lambda.keras")
