"""What a hasher stands beside under protocols that leave one out."""

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from classwise import zoo
from classwise.zoo.encoding.encoders import KerasEncoder
from classwise.zoo.evaluation.baselines import BASELINES, Material
from classwise.zoo.evaluation.baselines.perceptual_hash import perceptual_hashes
from classwise.zoo.evaluation.beside_baselines import beside_baselines
from classwise.zoo.evaluation.encoder_with_material import EncoderWithMaterial
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.retrieval.leave_one_out import RankedVectors, evaluate_leave_one_out

RANDOM = np.random.default_rng(0)
LABELS = np.arange(60) % 6
FEATURES = (RANDOM.normal(size=(6, 20))[LABELS] + RANDOM.normal(size=(60, 20))).astype(np.float32)


def made(name: str, **material):
    (found,) = [each for each in BASELINES if each.name == name]
    return found.function(Material(8, **material))


def test_each_has_a_title_of_its_own():
    for key in ("name", "title"):
        assert len({getattr(baseline, key) for baseline in BASELINES}) == len(BASELINES) == 4
    assert all(len(baseline.name) <= 6 for baseline in BASELINES)  # six columns fit a terminal


@pytest.mark.parametrize("name", ["trunk", "ITQ", "random", "pHash"])
def test_one_without_its_material_is_left_out(name):
    assert made(name) is None


def test_features_are_what_they_are():
    np.testing.assert_array_equal(made("trunk", features=FEATURES).given, FEATURES)


def test_itq_loses_less_than_the_components_signs():
    """The rotation brings the components nearer to the corners of the cube, and stays one."""
    codes = made("ITQ", features=FEATURES)
    unit = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    components = PCA(8).fit_transform(unit)
    signs = 2.0 * np.unpackbits(codes.codes, axis=1) - 1

    def nearest(corners):
        return np.linalg.svd(components.T @ corners)[
            1
        ].sum()  # of the best rotation: the most that these corners agree

    assert nearest(signs) > nearest(np.where(components > 0, 1.0, -1.0))
    left, _, right = np.linalg.svd(components.T @ signs)
    np.testing.assert_array_equal(components @ (left @ right) > 0, signs > 0)


def test_codes_longer_than_the_features_cannot_be():
    assert made("ITQ", features=FEATURES[:, :8]) is None
    assert made("ITQ", features=FEATURES[:8]) is None


def test_random_projections_tell_angles():
    found = made("random", features=FEATURES)
    again = made("random", features=7 * FEATURES)
    np.testing.assert_array_equal(found.codes, again.codes)
    many = next(each for each in BASELINES if each.name == "random").function(
        Material(4000, features=FEATURES)
    )
    bits = np.unpackbits(many.codes, axis=1)[:, :4000]
    unit = FEATURES / np.linalg.norm(FEATURES, axis=1, keepdims=True)
    centered = unit - unit.mean(axis=0)
    angle = np.arccos(
        centered[0] @ centered[1] / np.linalg.norm(centered[0]) / np.linalg.norm(centered[1])
    )
    assert (bits[0] != bits[1]).mean() == pytest.approx(angle / np.pi, abs=0.03)


def test_perceptual_hashes_are_those_of_imagehash():
    import imagehash

    images = RANDOM.integers(0, 256, (3, 40, 30, 3)).astype(np.uint8)
    expected = [str(imagehash.phash(Image.fromarray(image))) for image in images]
    assert [row.tobytes().hex() for row in perceptual_hashes(images)] == expected
    gray = images[..., :1]
    expected = [str(imagehash.phash(Image.fromarray(image[..., 0]))) for image in gray]
    assert [row.tobytes().hex() for row in perceptual_hashes(gray)] == expected


@pytest.mark.parametrize("pooled", [True, False])
def test_images_pass_once_and_give_codes_and_material(pooled):
    keras.utils.set_random_seed(0)
    images = RANDOM.integers(0, 256, (5, 8, 8, 3)).astype(np.uint8)
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(6, 3)]
    layers += [keras.layers.GlobalAveragePooling2D()] if pooled else []
    hasher = zoo.Hasher(keras.Sequential(layers), code_length=12, num_classes=3)
    plain = KerasEncoder(hasher)
    found = EncoderWithMaterial(plain).encode_batch(images)
    expected = plain.encode_batch(images)
    np.testing.assert_allclose(found["embeddings"], expected["embeddings"], atol=1e-5)
    np.testing.assert_array_equal(found["codes"], pack_codes(found["embeddings"]))
    features = hasher.backbone.predict(images, verbose=0)
    features = features if pooled else features.mean(axis=(1, 2))
    np.testing.assert_allclose(found["features"], features, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(found["perceptual_hashes"], perceptual_hashes(images))


def test_a_hasher_comes_first_and_what_lacks_material_is_left_out():
    codes = pack_codes(FEATURES[:, :8])
    results = beside_baselines(codes, 8, FEATURES[:, :8], LABELS, {"features": FEATURES})
    assert {name: found.title for name, found in results.items()} == {
        "hasher": "this hasher, 8 bits",
        "floats": "its embeddings, cosine",
        "trunk": "features of its trunk, cosine",
        "ITQ": "PCA + ITQ of these features, 8 bits",
        "random": "random projection of these features, 8 bits",
    }
    assert list(results)[:2] == ["hasher", "floats"]
    expected = evaluate_leave_one_out(RankedVectors(FEATURES), LABELS)
    assert results["trunk"].result.metrics == expected.metrics
    alone = beside_baselines(codes, 8, None, LABELS, {}, group=4)
    assert list(alone) == ["hasher"]
    assert "nearest_right@4" in alone["hasher"].result.metrics
