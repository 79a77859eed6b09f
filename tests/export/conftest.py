"""One tiny hasher for all tests of the exports, and a way to make others."""

from collections.abc import Callable
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from classwise import export, losses, zoo
from classwise.zoo.datasets.labeled_images import LabeledImages

# Exports need TensorFlow; the suite also runs on other backends.
collect_ignore_glob = [] if keras.backend.backend() == "tensorflow" else ["test_*.py"]

IMAGE_SHAPE = (10, 8, 3)  # height and width differ, so that a swap shows


def build_hasher(
    code_length=12, normalize=False, backbone=None, seed=0, hidden_units=0
) -> zoo.Hasher:
    """Builds a hasher whose batch normalization is far from the identity, as after training."""
    keras.utils.set_random_seed(seed)
    backbone = backbone or zoo.resnet(8, IMAGE_SHAPE, width=4)
    hasher = zoo.Hasher(backbone, code_length, 3, normalize, hidden_units=hidden_units)
    random = np.random.default_rng(seed)
    for weight in hasher.backbone.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(random.uniform(0.5, 2.0, weight.shape))
        elif weight.path.endswith(("beta", "moving_mean")):
            weight.assign(random.normal(0.0, 0.5, weight.shape))
    hasher.hash_layer.bias.assign(random.normal(0.0, 0.1, code_length))
    return hasher


@pytest.fixture(scope="session")
def make_hasher() -> Callable[..., zoo.Hasher]:
    return build_hasher


@pytest.fixture(scope="session")
def hasher() -> zoo.Hasher:
    return build_hasher()


@pytest.fixture(scope="session")
def onnx_report(hasher, tmp_path_factory) -> export.ExportReport:
    """The export of `hasher` with all defaults; to be read only."""
    return export.to_onnx(hasher, tmp_path_factory.mktemp("onnx") / "tiny.onnx")


@pytest.fixture(scope="session")
def saved_model_report(hasher, tmp_path_factory) -> export.ExportReport:
    return export.to_saved_model(hasher, tmp_path_factory.mktemp("saved_model") / "tiny")


@pytest.fixture(scope="session")
def litert_report(hasher, tmp_path_factory) -> export.ExportReport:
    pytest.importorskip("ai_edge_litert")
    return export.to_litert(hasher, tmp_path_factory.mktemp("litert") / "tiny.tflite")


@pytest.fixture(scope="session")
def trained(make_hasher) -> zoo.Hasher:
    """A hasher that has class scores, because it is compiled with a loss."""
    hasher = make_hasher(normalize=True, seed=3)
    hasher.compile(loss=losses.VonMisesFisherLoss(concentration=4.0))
    return hasher


@pytest.fixture(scope="session")
def evaluation() -> SimpleNamespace:
    """Queries and a database of three classes, each of its own color."""
    random = np.random.default_rng(11)

    def labeled(name, count):
        labels = np.arange(count) % 3
        pixels = random.integers(0, 128, (count, *IMAGE_SHAPE))
        pixels[np.arange(count), ..., labels] += 127
        ids = np.array([f"{name}{position}" for position in range(count)])
        return LabeledImages("colors", name, pixels.astype("uint8"), labels, ids, tuple("rgb"))

    return SimpleNamespace(queries=labeled("queries", 30), database=labeled("database", 90))


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (256, *IMAGE_SHAPE), "uint8")
