"""Publishing on a hub, and Keras's own snippet for what was published."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import yaml

from classwise import zoo
from classwise.zoo import InputError
from classwise.zoo.commands import main

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
# What a hub shows for `library_name: keras`, and the import that names our classes.
SNIPPET = """
import classwise.zoo
import keras
import numpy as np

model = keras.saving.load_model("hf://own/er")
images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
print(model.encode(images, verbose=0).tobytes().hex())
"""


@pytest.fixture(scope="module")
def hasher():
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3)])
    return zoo.Hasher(backbone, 12, 3)


@pytest.fixture
def mine(hasher, tmp_path):
    """A preset folder, with the file that a file manager leaves."""
    folder = hasher.save_preset(tmp_path / "mine", onnx=False, base_model="some/one")
    (folder / ".DS_Store").touch()
    return folder


def test_a_folder_is_pushed_and_loaded_by_keras(mine, hasher, hub, capsys):
    assert main(["push", str(mine), "hf://own/er", "-m", "The first one"]) == 0
    out = capsys.readouterr().out
    assert f"Pushed {mine} to hf://own/er ({hub.url}/own/er/commit/" in out
    pushed = hub.files("own/er")
    assert set(pushed) == {
        "README.md",
        "classwise.json",
        "config.json",
        "metadata.json",
        "model.weights.h5",
    }
    assert pushed["model.weights.h5"] == (mine / "model.weights.h5").read_bytes()
    card = pushed["README.md"].decode()
    metadata = yaml.safe_load(card.split("---")[1])
    assert (metadata["library_name"], metadata["base_model"]) == ("keras", "some/one")
    assert 'zoo.load("hf://own/er")' in card
    assert "OWNER/MODEL" not in card

    done = subprocess.run([sys.executable, "-c", SNIPPET], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes = hasher.encode(IMAGES, verbose=0)
    assert done.stdout.split()[-1] == codes.tobytes().hex()
    np.testing.assert_array_equal(zoo.load("hf://own/er").encode(IMAGES, verbose=0), codes)


def test_a_hasher_is_pushed_as_a_folder(hasher, hub, monkeypatch, tmp_path):
    url = zoo.push(hasher, "hf://own/er", private=True)
    assert url.startswith(f"{hub.url}/own/er/commit/")
    assert "onnx/model.onnx" in hub.files("own/er")
    assert hub.private["own/er"] in (True, "private")
    again = zoo.push(zoo.load("hf://own/er").save_preset(tmp_path / "x", onnx=False), "hf://own/er")
    assert again != url


def test_a_keras_file_is_pushed_from_the_command_line(hasher, hub, tmp_path, capsys):
    hasher.save(tmp_path / "mine.keras")
    assert main(["push", str(tmp_path / "mine.keras"), "hf://own/er", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address"] == "hf://own/er"
    assert "onnx/model.onnx" in hub.files("own/er")


@pytest.mark.parametrize("address", ["own/er", "hf://own", "hf://own/er/x.onnx", "https://a.org/x"])
def test_addresses_of_no_repository(mine, hub, address):
    with pytest.raises(InputError, match="is no repository of a hub"):
        zoo.push(mine, address)
    assert not hub.requests


def test_what_is_not_pushed(mine, hub, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    for folder in (tmp_path / "photos", tmp_path / "gone"):
        with pytest.raises(InputError, match=r"is no preset folder; write one with hasher\.save"):
            zoo.push(folder, "hf://own/er")
    (mine / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"config\.json is not the file of which"):
        zoo.push(mine, "hf://own/er")
    monkeypatch.setenv("CLASSWISE_OFFLINE", "1")
    with pytest.raises(InputError, match="CLASSWISE_OFFLINE=1 forbids to push"):
        zoo.push(mine, "hf://own/er")
    assert not hub.requests


@pytest.mark.parametrize("status", [401, 403])
def test_a_hub_that_refuses(mine, hub, status, capsys):
    hub.refusal = status
    assert main(["push", str(mine), "hf://own/er"]) == 2
    err = capsys.readouterr().err
    assert f"hf://own/er cannot be written: {status}" in err.replace("Client error '", "")
    assert "hf auth login" in err
    assert err.count("\n") == 1


def test_a_hub_that_is_not_there(mine, hub, capsys, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert main(["push", str(mine), "hf://own/er"]) == 2
    assert "hf://own/er cannot be written: " in capsys.readouterr().err
