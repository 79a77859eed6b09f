"""Networks of other people: the smallest of every family of `keras.applications` is exported."""

import gc
import re

import keras
import numpy as np
import pytest

from classwise import export, zoo

# The smallest member of every family, and the smallest images that it takes.
MODELS = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "InceptionResNetV2": 75,
    "InceptionV3": 75,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "NASNetMobile": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "VGG16": 32,
    "Xception": 71,
}
# Those of which an operator has no ONNX form, with what the message says: none.
REFUSED: dict[str, str] = {}


MEMBER = re.compile(r"\d\d+|(XLarge|Large|Base|Small|Tiny|Mobile|[BSML]\d?)$")


def families(names) -> set[str]:
    """Returns names without what tells the members of a family apart."""
    return {MEMBER.sub("", name) for name in names}


def test_no_family_is_forgotten():
    models = {name for name, value in vars(keras.applications).items() if callable(value)}
    assert models >= MODELS.keys()
    assert families(models) == families(MODELS)


def build(name: str) -> zoo.Hasher:
    """Builds a hasher on a network of random weights, far from the identity.

    But not so far that rounding decides: with factors from .5 to 2, EfficientNetV2B0 moves by a
    tenth of its output where the images move by 1e-6, in float64 too.
    """
    size = MODELS[name]
    keras.utils.set_random_seed(0)
    network = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(size, size, 3)
    )
    random = np.random.default_rng(0)
    for weight in network.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(random.uniform(0.75, 1.33, weight.shape))
        elif weight.path.endswith(("beta", "moving_mean")):
            weight.assign(random.normal(0.0, 0.25, weight.shape))
    return zoo.Hasher(network, 16, 3)


@pytest.fixture
def clean():
    """Frees what the conversion of a large network leaves behind, gigabytes of it."""
    yield
    keras.backend.clear_session()
    gc.collect()


@pytest.mark.large
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("name", MODELS)
def test_every_family_is_exported(name, tmp_path):
    hasher = build(name)
    if name in REFUSED:
        with pytest.raises(zoo.InputError, match=REFUSED[name]):
            export.to_onnx(hasher, tmp_path / "a.onnx")
        return
    report = export.to_onnx(hasher, tmp_path / "a.onnx")
    assert report.parity.flips_beyond_margin == 0
    assert report.cpu_only_operators == {}
