"""One tiny hasher for all tests of the exports, and a way to make others."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from classwise import export, zoo

# Exports need TensorFlow; the suite also runs on other backends.
collect_ignore_glob = [] if keras.backend.backend() == "tensorflow" else ["test_*.py"]

IMAGE_SHAPE = (10, 8, 3)  # height and width differ, so that a swap shows


def build_hasher(code_length=12, normalize=False, backbone=None, seed=0) -> zoo.Hasher:
    """Builds a hasher whose batch normalisation is far from the identity, as after training."""
    keras.utils.set_random_seed(seed)
    backbone = backbone or zoo.resnet(8, IMAGE_SHAPE, width=4)
    hasher = zoo.Hasher(backbone, code_length, num_classes=3, normalize=normalize)
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
def images() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (256, *IMAGE_SHAPE), "uint8")
