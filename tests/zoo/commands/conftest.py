import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from classwise.zoo import Hasher
from classwise.zoo.commands import main
from classwise.zoo.datasets.protocols import PROTOCOLS
from tests.zoo.commands.stand_in import StandIn

RECIPE = """
method = "dcwh"
protocol = "folder"
backbone = "resnet8"
code_length = 8
batch_size = 2
image_shape = [8, 8, 1]
[[stages]]
epochs = 1
"""


@pytest.fixture
def folder_recipe(tmp_path):
    """A recipe of one epoch for an image folder."""
    path = tmp_path / "shoes.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def classwise(capsys):
    """Runs a command line; returns (exit status, stdout, stderr)."""

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """A small untrained hasher of 28 x 28 gray images, 12 bits, 10 classes."""
    keras.utils.set_random_seed(0)
    images = keras.Input((28, 28, 1))
    features = layers.Rescaling(1 / 64, -2.0)(images)
    features = layers.Conv2D(4, 5, strides=4, activation="relu")(features)
    path = tmp_path_factory.mktemp("model") / "small.keras"
    Hasher(keras.Model(images, features), 12, 10).save(path)
    return path


@pytest.fixture
def image_folder(tmp_path):
    """Two classes of three images each."""
    random = np.random.default_rng(0)
    for name in ("bag", "coat"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(3):
            pixels = random.integers(0, 256, (28, 28)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    return tmp_path / "images"


@pytest.fixture
def stand_in(monkeypatch):
    protocol = StandIn((28, 28, 1))
    monkeypatch.setitem(PROTOCOLS, "stand-in", protocol)
    return protocol


@pytest.fixture
def evaluated(classwise, stand_in):
    """A function from models and options to the exit status and what was printed."""
    return lambda *arguments: classwise("evaluate", *arguments, "--protocol", "stand-in")
