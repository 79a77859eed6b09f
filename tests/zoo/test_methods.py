"""The rivals' methods: how their hashers begin, and the scores that their exports give."""

import keras
import numpy as np
import onnx
import pytest

from classwise import export, zoo
from classwise.zoo.datasets import LabeledImages
from classwise.zoo.foundation.errors import InputError
from classwise.zoo.methods import METHODS, build_loss
from classwise.zoo.training.recipe_files import read_recipe
from classwise.zoo.training.starting_point import new_hasher

RIVALS = [name for name, method in METHODS.items() if method.fixed_centers]


def posterior(method, embedding, centers):
    """Computes the posterior of one embedding by the paper's likelihoods, class by class."""
    if method == "csq":
        bits = [np.tanh(embedding) * np.sign(center) for center in centers]
        likely = np.array([np.prod((1 + each) / 2) for each in bits])
    else:
        lengths = [np.linalg.norm(embedding) * np.linalg.norm(center) for center in centers]
        cosines = [c @ embedding / norm for c, norm in zip(centers, lengths, strict=True)]
        likely = np.exp(8.0 * np.array(cosines))
    return likely / likely.sum()


@pytest.mark.parametrize("method", RIVALS)
def test_an_export_gives_the_posterior(method, tmp_path):
    backbone = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Rescaling(1 / 64, -1.5), keras.layers.Flatten()]
    )
    entry = METHODS[method]
    hasher = zoo.Hasher(
        backbone, 8, 5, normalize=entry.unit_length, initial_centers=entry.initial_centers
    )
    hasher.compile(loss=build_loss(method, {}))
    path = tmp_path / "hasher.onnx"
    export.to_onnx(hasher, path, outputs=("embedding", "code", "scores"))
    told = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    assert told["method"] == method

    import onnxruntime

    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 1)).astype(np.uint8)
    scores = onnxruntime.InferenceSession(path).run(["scores"], {"images": images})[0]
    centers = hasher.class_centers.get_centers().astype(float)
    for row, embedding in zip(scores, hasher.embed(images, verbose=0), strict=True):
        wanted = posterior(method, embedding.astype(float), centers)
        np.testing.assert_allclose(row, wanted, atol=1e-5)


@pytest.mark.parametrize("method", RIVALS)
def test_a_training_begins_at_orthogonal_centers(method):
    recipe = read_recipe("folder", method=method, code_length=16, image_size=8)
    images = LabeledImages(
        "toy", "train", np.zeros((4, 8, 8, 3), np.uint8), np.arange(4), np.arange(4).astype(str),
        tuple("abcd"),
    )  # fmt: skip
    small = zoo.resnet(8, (8, 8, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "classwise.zoo.training.starting_point.build_trunk", lambda recipe, images: small
        )
        centers = new_hasher(recipe, images).class_centers.get_centers()
    length = 1 if METHODS[method].unit_length else 16
    np.testing.assert_allclose(centers @ centers.T, length * np.eye(4), atol=1e-5)


@pytest.mark.parametrize("method", RIVALS)
def test_clusters_are_no_classes_of_theirs(method):
    from classwise.zoo.fitting.fitting_request import FittingRequest

    with pytest.raises(InputError, match=r"whose class centers never move.*fit by dcwh or vmf"):
        FittingRequest(method=method)
