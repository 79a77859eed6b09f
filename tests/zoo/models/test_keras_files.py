"""Files of models whose layers are the user's own, and files that are none."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from classwise.losses import DCWHLoss
from classwise.zoo import Hasher, InputError
from classwise.zoo.models.keras_files import load_file

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 1), np.uint8)

OWN = """
import keras

@keras.saving.register_keras_serializable("own")
class Registered(keras.layers.Layer):
    def call(self, x):
        return x / 255.0

class Plain(keras.layers.Layer):
    def call(self, x):
        return x / 128.0

class NoLayer:
    @classmethod
    def from_config(cls, config):
        raise SystemExit("this ran")

def activation(x):
    return keras.ops.relu(x)

@keras.saving.register_keras_serializable("own")
def registered_activation(x):
    return keras.ops.relu(x)
"""


def with_activation(function):
    return layers.Conv2D(2, 3, activation=function)


MADE = {
    "Registered": lambda own: own.Registered(),
    "Plain": lambda own: own.Plain(),
    "registered_activation": lambda own: with_activation(own.registered_activation),
    "activation": lambda own: with_activation(own.activation),
}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A user's module that is imported, and forgotten by the end of the test."""
    (tmp_path / "own_layers.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    import own_layers

    yield own_layers
    forget()


def forget():
    """Forgets the module and what it registered, as a fresh process would."""
    sys.modules.pop("own_layers", None)
    registered = keras.saving.get_custom_objects()
    for name in [name for name in registered if name.startswith("own>")]:
        del registered[name]


def saved(tmp_path, layer):
    backbone = keras.Sequential([keras.Input((6, 6, 1)), layer])
    hasher = Hasher(backbone, 8, 3)
    hasher.compile("sgd", DCWHLoss())
    hasher.save(tmp_path / "own.keras")
    return tmp_path / "own.keras", hasher.embed(IMAGES, verbose=0)


@pytest.mark.parametrize("name", ["Registered", "Plain", "registered_activation"])
def test_layers_of_an_imported_module_are_found(own, tmp_path, name):
    path, expected = saved(tmp_path, MADE[name](own))
    np.testing.assert_array_equal(load_file(path).embed(IMAGES, verbose=0), expected)


REFUSED = {
    "Registered": "holds the class Registered of the module own_layers, .*--import own_layers",
    "Plain": "holds the class Plain of the module own_layers, .*--import own_layers",
    "registered_activation": "the function own>registered_activation, .*--import MODULE",
    "activation": "the function activation, .*and save the model with @keras.*register",
}


@pytest.mark.parametrize("name", REFUSED)
def test_layers_of_no_imported_module_are_named(own, tmp_path, name):
    path, _ = saved(tmp_path, MADE[name](own))
    forget()
    with pytest.raises(InputError, match=REFUSED[name]) as error:
        load_file(path)
    assert len(str(error.value)) < 500
    assert "\n" not in str(error.value)


def test_a_class_that_is_no_part_of_a_model_is_not_run(own, tmp_path):
    class NoLayer(layers.Layer):
        def call(self, images):
            return images

    NoLayer.__module__ = "own_layers"
    path, _ = saved(tmp_path, NoLayer())
    with pytest.raises(InputError, match="holds the class NoLayer"):
        load_file(path)


@pytest.mark.large
@pytest.mark.parametrize("name", ["Registered", "Plain"])
def test_the_command_line_imports_modules_of_the_current_folder(own, tmp_path, name):
    from PIL import Image

    path, _ = saved(tmp_path, MADE[name](own))
    (tmp_path / "photos").mkdir()
    Image.fromarray(IMAGES[0, :, :, 0]).save(tmp_path / "photos/one.png")
    command = [sys.executable, "-m", "classwise", "encode", str(path), "photos", "-o", "codes.npz"]
    for options, status in (([], 2), (["--import", "own_layers"], 0)):
        done = subprocess.run(
            [*command, *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:])},
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr
    assert np.load(tmp_path / "codes.npz")["codes"].shape == (1, 1)


def test_files_that_hold_no_hasher_are_refused(tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    with pytest.raises(InputError, match=r"text\.keras is not a readable Keras model"):
        load_file(tmp_path / "text.keras")
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten()])
    model.save(tmp_path / "other.keras")
    with pytest.raises(InputError, match="holds a Sequential, not a classwise Hasher"):
        load_file(tmp_path / "other.keras")
    with pytest.raises(InputError, match="There is no model file"):
        load_file(tmp_path / "missing.keras")
