"""Files of hashers open by Keras alone, once classwise is imported."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

import classwise
from classwise.losses import DCWHLoss, VonMisesFisherLoss
from classwise.zoo import Hasher, Muon
from classwise.zoo.models.saved_classes import PACKAGE, SAVED_CLASSES, stand_in

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 1), np.uint8)

LOAD = """
import json, sys
import numpy as np
{imports}
model = keras.saving.load_model(sys.argv[1])
images = np.random.default_rng(0).integers(0, 256, (4, 12, 12, 1), np.uint8)
from classwise import losses, zoo
print(json.dumps([
    type(model) is zoo.Hasher,
    type(model.loss).__name__,
    type(model.optimizer) is zoo.Muon,
    model.embed(images, verbose=0).tolist(),
]))
"""
IMPORTS = {
    "keras first": "import keras\nfrom classwise import zoo",
    "zoo first": (
        "from classwise import zoo\n"
        "assert not {'keras', 'tensorflow', 'numpy.linalg.nothing'} & set(sys.modules)\n"
        "import keras"
    ),
    "package alone": "import classwise, keras",
    "losses first": "from classwise import losses\nimport keras",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file that names a backbone's layer, an optimizer and a loss of ours; what it embeds."""
    from classwise.zoo import backbones

    backbone = backbones.airbench((12, 12, 1), width=4)
    hasher = Hasher(backbone, 8, 3, normalize=True)
    hasher.compile(Muon(learning_rate=0.01), VonMisesFisherLoss())
    hasher.fit(IMAGES, np.arange(4) % 3, verbose=0)
    path = tmp_path_factory.mktemp("saved") / "mine.keras"
    hasher.save(path)
    return path, hasher.embed(IMAGES, verbose=0)


@pytest.mark.parametrize(
    "order",
    [
        "keras first",
        "package alone",
        pytest.param("zoo first", marks=pytest.mark.large),
        pytest.param("losses first", marks=pytest.mark.large),
    ],
)
def test_keras_opens_a_file_in_a_fresh_process(saved, order):
    path, expected = saved
    code = LOAD.format(imports=IMPORTS[order])
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr[-2000:]
    is_hasher, loss, is_muon, embeddings = json.loads(done.stdout)
    assert (is_hasher, loss, is_muon) == (True, "VonMisesFisherLoss", True)
    np.testing.assert_allclose(embeddings, expected, atol=1e-6)


def test_every_class_that_a_file_may_name_has_a_stand_in():
    for module in pkgutil.walk_packages(classwise.__path__, "classwise."):
        if module.name != "classwise.__main__":
            importlib.import_module(module.name)
    registered = keras.saving.get_custom_objects()
    ours = {name: found for name, found in registered.items() if name.startswith(f"{PACKAGE}>")}
    homes = {name.partition(">")[2]: found.__module__ for name, found in ours.items()}
    assert homes == SAVED_CLASSES


def test_a_stand_in_builds_the_class_itself():
    made = stand_in("DCWHLoss", SAVED_CLASSES["DCWHLoss"]).from_config({"cubic_weight": 0.5})
    assert type(made) is DCWHLoss
    assert made.cubic_weight == 0.5
    assert layers.Layer is not None
