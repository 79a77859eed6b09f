"""Folders of a hasher: what is in them, what is refused, what they say of themselves."""

import json
import warnings

import keras
import numpy as np
import pytest
import yaml

from classwise import export, losses, zoo
from classwise.zoo import InputError
from classwise.zoo.commands import main
from classwise.zoo.models import preset_folder
from classwise.zoo.models.preset_folder import load_preset_folder

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
EVALUATION = {
    "protocol": "of-my-own",
    "metrics": {
        "map": {"worst": 0.1, "expected": 0.23456, "best": 0.3, "standard_error": None},
        "precision_within_radius_2": {"worst": None, "expected": None, "best": None},
    },
}


@pytest.fixture(scope="module")
def hasher():
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    hasher = zoo.Hasher(backbone, 12, 3, class_names=("boot [red]", "| --- |", "caf\udce9"))
    hasher.compile("adamw", losses.DCWHLoss())
    hasher.fit(IMAGES, np.arange(6) % 3, verbose=0)
    return hasher


@pytest.fixture(scope="module")
def written(hasher, tmp_path_factory):
    """The hasher's folder, with everything that is stated and measured."""
    return hasher.save_preset(
        tmp_path_factory.mktemp("written") / "mine",
        evaluation=EVALUATION,
        dataset="own/er",
        base_model="some/one",
        license="apache-2.0",
    )


@pytest.fixture
def mine(hasher, tmp_path):
    """A folder to damage."""
    return hasher.save_preset(tmp_path / "mine", onnx=False)


def test_the_folder_is_loaded_by_us_and_by_keras_and_goes_on_training(written, hasher):
    expected = hasher.embed(IMAGES, verbose=0)
    for loaded in (load_preset_folder(written), keras.saving.load_model(written)):
        np.testing.assert_array_equal(loaded.embed(IMAGES, verbose=0), expected)
        assert loaded.class_names == hasher.class_names
        assert loaded.optimizer.iterations == 1
        loaded.fit(IMAGES, np.arange(6) % 3, verbose=0)


def test_its_onnx_file_gives_the_same_bits(written):
    assert export.verify(written, written / "onnx/model.onnx").passed


def test_its_facts(written):
    facts = json.loads((written / "classwise.json").read_text())
    assert (facts["code_length"], facts["image_shape"], facts["loss"]) == (
        12,
        [8, 8, 3],
        "DCWHLoss",
    )
    assert facts["preprocessing"]["resize"] == "bicubic"
    assert facts["evaluation"] == EVALUATION
    assert facts["files"].keys() == {
        "config.json",
        "metadata.json",
        "model.weights.h5",
        "onnx/model.onnx",
    }


def test_its_card(written):
    card = (written / "README.md").read_text("utf-8")
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert metadata["base_model"] == "some/one"
    assert metadata["library_name"] == "keras"
    assert metadata["license"] == "apache-2.0"
    assert metadata["datasets"] == ["own/er"]
    assert "onnx" in metadata["tags"]
    (result,) = metadata["model-index"][0]["results"]
    assert result["metrics"] == [
        {"type": "map", "value": 0.2346, "name": "map, expected over ties"}
    ]
    assert "| map | 0.1000 | 0.2346 | 0.3000 |" in card
    assert "| precision_within_radius_2 | - | - | - |" in card
    assert "12 bits" in card
    assert "| resize | bicubic |" in card


def test_the_card_of_what_nobody_measured(mine):
    card = (mine / "README.md").read_text("utf-8")
    assert "Nothing yet." in card
    assert "onnx" not in card.split("# An image hasher")[1].split("## How images")[0]
    assert "model-index" not in card


def test_info(written, mine, capsys):
    assert main(["info", str(written)]) == 0
    out = capsys.readouterr().out
    for word in ("12 bits", "boot [red]", "some/one", "apache-2.0", "onnx/model.onnx", "0.2346"):
        assert word in out
    assert main(["info", str(written), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["base_model"], facts["class_names"][2]) == ("some/one", "caf\udce9")
    assert main(["info", str(mine), "--card"]) == 0
    assert "An image hasher of 12 bits" in capsys.readouterr().out


def test_info_of_a_keras_file(hasher, tmp_path, capsys):
    hasher.save(tmp_path / "mine.keras")
    assert main(["info", str(tmp_path / "mine.keras")]) == 0
    assert "uint8 [N, 8, 8, 3], 0-255" in capsys.readouterr().out
    assert main(["info", str(tmp_path / "mine.keras"), "--card"]) == 2
    assert "has no card" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"base_model": "one"}, "base_model is 'one', and not a name such as OWNER/MODEL"),
        ({"license": "Apache 2"}, "license is 'Apache 2'"),
        ({"dataset": "a\nb"}, "dataset is 'a"),
        ({"dataset": 3}, "expected string"),
        ({"evaluation": {"map": 0.3}}, "'metrics'"),
        ({"evaluation": {"metrics": {"map": 0.3}}}, "has no attribute 'items'"),
        ({"evaluation": {"metrics": {"map": {"expected": "high"}}}}, "no numbers for map"),
        ({"evaluation": {"metrics": {"map": np.zeros(2)}}}, "not JSON serializable"),
    ],
)
def test_what_cannot_be_stated(hasher, tmp_path, options, complaint):
    with pytest.raises(InputError, match=complaint):
        hasher.save_preset(tmp_path / "mine", onnx=False, **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_replaced_only_where_classwise_wrote_it(hasher, mine):
    with pytest.raises(InputError, match=r"mine exists and holds .*overwrite=True"):
        hasher.save_preset(mine, onnx=False)
    hasher.save_preset(mine, onnx=False, overwrite=True)
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes\.txt, which is not as classwise wrote it"):
        hasher.save_preset(mine, onnx=False, overwrite=True)
    assert (mine / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("file", ["config.json", "metadata.json", "model.weights.h5"])
@pytest.mark.parametrize("change", ["altered", "gone"])
def test_a_file_that_is_not_the_recorded_one(mine, file, change):
    content = bytearray((mine / file).read_bytes())
    content[len(content) // 2] ^= 1
    (mine / file).write_bytes(content)
    if change == "gone":
        (mine / file).unlink()
    with pytest.raises(InputError, match=f"{file} is not the file of which classwise.json has"):
        load_preset_folder(mine)


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        ("[" * 100_000, "is damaged"),
        ("[]", "is damaged"),
        ("{}", "is damaged: KeyError"),
        ('{"format_version": 1, "files": []}', "is damaged"),
        ('{"format_version": "1"}', "is damaged"),
    ],
)
def test_facts_that_are_none(mine, facts, complaint, capsys):
    (mine / "classwise.json").write_text(facts)
    with pytest.raises(InputError, match=complaint):
        load_preset_folder(mine)
    assert main(["info", str(mine)]) == 2


def test_facts_of_a_newer_classwise(mine):
    facts = json.loads((mine / "classwise.json").read_text())
    (mine / "classwise.json").write_text(json.dumps({**facts, "format_version": 2}))
    with pytest.raises(InputError, match="has format version 2; this classwise reads up to 1"):
        load_preset_folder(mine)


def test_a_folder_that_keras_alone_wrote(hasher, tmp_path):
    keras.saving.save_model(hasher, tmp_path / "keras", zipped=False)
    loaded = zoo.load(tmp_path / "keras")
    np.testing.assert_array_equal(loaded.embed(IMAGES, verbose=0), hasher.embed(IMAGES, verbose=0))


def test_a_part_that_cannot_be_made_is_left_out_aloud(hasher, tmp_path, monkeypatch):
    def refuse(hasher, folder):
        raise InputError("This needs the package tf2onnx")

    monkeypatch.setattr("classwise.export.formats.preset_part.write_onnx_part", refuse)
    with pytest.warns(UserWarning, match="is written without onnx: This needs the package tf2onnx"):
        hasher.save_preset(tmp_path / "mine")
    assert not (tmp_path / "mine/onnx").exists()
    monkeypatch.setattr(preset_folder, "PARTS", "nobody's")
    with pytest.warns(UserWarning, match="nothing that is installed writes onnx: reinstall"):
        hasher.save_preset(tmp_path / "other")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        hasher.save_preset(tmp_path / "third", onnx=False)
