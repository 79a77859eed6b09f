"""A method that nobody has is one entry: from training to scores, nothing else has to know it."""

import dataclasses
import json

import keras
import numpy as np
import onnx
import pytest
from keras import ops

from classwise import export, zoo
from classwise.losses import ClassWiseLoss
from classwise.zoo.cards.preset_card import preset_card
from classwise.zoo.cards.zoo_page import zoo_page
from classwise.zoo.commands import main
from classwise.zoo.datasets.catalogue import DATA_SETS
from classwise.zoo.datasets.protocols import PROTOCOLS
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.evaluation.evaluate import encode_protocol, evaluate_sets
from classwise.zoo.foundation.publication import Publication
from classwise.zoo.methods import METHODS, Method, build_loss
from classwise.zoo.presets.registry import get_preset, get_trunk
from tests.made_up import DATA_SET, PROTOCOL
from tools.publish.check_entry import problems


@keras.saving.register_keras_serializable(package="third")
class CauchyLoss(ClassWiseLoss):
    """Computes a posterior that falls with a power of the distance: heavier tails than a Gaussian.

    Embeddings have unit length and yet compare by Euclidean distance: no method here does both.
    """

    normalize = True

    def __init__(self, scale=2.0, reduction="sum_over_batch_size", name="cauchy_loss"):
        super().__init__(reduction=reduction, name=name)
        self.scale = scale

    def logits(self, embeddings, centers):
        squares = ops.sum(ops.square(embeddings[:, None] - centers[None]), axis=-1)
        return -self.scale * ops.log(1.0 + squares)

    def get_config(self):
        return {"scale": self.scale, **super().get_config()}


THIRD = Method(
    "third",
    loss=f"{__name__}:CauchyLoss",
    unit_length=True,
    distance="euclidean",
    posterior="softmax over c of -s log(1 + |z - mu_c|^2), s = {scale}",
    paper=Publication("Third", "A Third Method", "0000.00000", "@misc{third, year = {2000}}"),
    published="Its paper publishes no figures.",
)
RECIPE = """
method = "third"
protocol = "brightness-full"
backbone = "resnet8"
code_length = 12
batch_size = 15
[[stages]]
epochs = 1
loss = { scale = 4.0 }
"""


@pytest.fixture(autouse=True)
def entries(monkeypatch):
    monkeypatch.setitem(METHODS, "third", THIRD)
    monkeypatch.setitem(DATA_SETS, DATA_SET.name, DATA_SET)
    monkeypatch.setitem(PROTOCOLS, PROTOCOL.name, PROTOCOL)


@pytest.fixture
def trained(tmp_path):
    """The file of a hasher that the command trained."""
    (tmp_path / "third_resnet8_brightness_12.toml").write_text(RECIPE)
    recipe = str(tmp_path / "third_resnet8_brightness_12.toml")
    assert main(["train", recipe, "--output", str(tmp_path / "run")]) == 0
    return tmp_path / "run" / "hasher.keras"


def test_it_is_trained_evaluated_and_exported_with_scores(trained, tmp_path, capsys):
    hasher = keras.saving.load_model(trained)
    assert hasher.normalize
    hasher.compile(loss=build_loss("third", {"scale": 4.0}))
    sets = encode_protocol(KerasEncoder(hasher), PROTOCOL.load())
    assert set(evaluate_sets(sets).classification) == {"euclidean", "hamming"}

    capsys.readouterr()
    command = ["evaluate", str(trained), "--protocol", PROTOCOL.name, "--json"]
    assert main([*command, "--report", str(tmp_path / "report")]) == 0
    assert json.loads(capsys.readouterr().out)["queries"] == 15
    assert (tmp_path / "report" / "index.html").is_file()

    path = tmp_path / "third.onnx"
    export.to_onnx(hasher, path, outputs=("embedding", "code", "scores"))
    told = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    assert told["method"] == "third"
    assert told["scores"] == "softmax over c of -s log(1 + |z - mu_c|^2), s = 4.0"
    assert scores_of(path, hasher) < 1e-5


def scores_of(path, hasher):
    """Returns the largest difference of the file's scores from the posterior, image by image."""
    import onnxruntime

    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)
    session = onnxruntime.InferenceSession(path)
    scores = session.run(["scores"], {"images": images})[0]
    centers = np.asarray(hasher.class_centers.get_centers())
    difference = 0.0
    for row, embedding in zip(scores, hasher.embed(images, verbose=0), strict=True):
        weights = [(1 + np.sum((embedding - center) ** 2)) ** -4.0 for center in centers]
        difference = max(difference, np.abs(row - np.array(weights) / sum(weights)).max())
    return difference


def test_fresh_heads_take_it():
    hasher = zoo.load("dcwh_resnet9_fashion_mnist_48", method="third", num_classes=3)
    assert hasher.normalize
    with pytest.raises(zoo.InputError, match="did you mean 'third'"):
        zoo.load("dcwh_resnet9_fashion_mnist_48", method="thrid")


def test_cards_and_pages_speak_of_it():
    preset = get_preset("vmf_resnet9_fashion_mnist_48")
    name = "third_resnet9_fashion_mnist_48"
    accuracy = {"euclidean": preset.accuracy["cosine"], "hamming": preset.accuracy["hamming"]}
    recipe = {**preset.recipe, "name": name, "method": "third"}
    preset = dataclasses.replace(
        preset, name=name, method="third", accuracy=accuracy, recipe=recipe
    )
    trunk = get_trunk(preset.trunk)
    assert problems(preset, trunk) == []
    card = preset_card(preset, trunk, trunk.name)
    assert "Method: [A Third Method](https://arxiv.org/abs/0000.00000)" in card
    assert "float32 `[N, 48]`, of unit length" in card
    assert "or embeddings by cosine similarity" not in card
    assert THIRD.paper.bibtex in card
    page = zoo_page([preset], [trunk])
    assert "### Third: [A Third Method]" in page
    assert "Its paper publishes no figures." in page
