"""Journeys on the bundled photographs of clothes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from classwise import export, losses, zoo
from classwise.zoo import InputError
from classwise.zoo.fitting.fit_features import fit_features
from classwise.zoo.foundation.codes import pack_codes
from classwise.zoo.methods import DEFAULT_METHOD, METHODS_OF_MEANS
from classwise.zoo.retrieval import evaluate_codes
from classwise.zoo.training.iterative_quantization import itq_rotation

SMALL = "dcwh_resnet9_fashion_mnist_48"


def mean_average_precision(codes, labels):
    return evaluate_codes(codes, labels).metrics["map"].expected


@pytest.fixture(scope="module")
def fitted(clothing):
    return fit_features(clothing[2], code_length=64)


@pytest.mark.parametrize("method", METHODS_OF_MEANS)
def test_codes_find_more_than_itq_and_random_projection(clothing, fitted, method):
    images, _, features = clothing
    centered = features - features.mean(axis=0)
    _, _, right = np.linalg.svd(centered, full_matrices=False)
    components = centered @ right[:64].T
    itq = pack_codes(components @ itq_rotation(components))
    random = np.random.default_rng(0).normal(size=(features.shape[1], 64))
    if method != DEFAULT_METHOD:
        fitted = fit_features(features, code_length=64, method=method)
    found = mean_average_precision(fitted.encode(features), images.labels)
    assert found > mean_average_precision(itq, images.labels)
    assert found > mean_average_precision(pack_codes(centered @ random), images.labels) + 0.03


def test_the_hasher_is_an_ordinary_one(clothing, fitted, tmp_path):
    images, trunk, features = clothing
    hasher = fitted.on(trunk)
    some = images.images[:40]
    codes = hasher.encode(some, verbose=0)
    np.testing.assert_array_equal(codes, fitted.encode(features[:40]))
    np.testing.assert_allclose(
        hasher.embed(some, verbose=0), fitted.embed(features[:40]), atol=1e-3
    )
    assert hasher.class_names[0] == "group 0"

    hasher.save(tmp_path / "mine.keras")
    loaded = zoo.load(tmp_path / "mine.keras")
    np.testing.assert_array_equal(loaded.encode(some, verbose=0), codes)
    assert isinstance(loaded.loss, losses.DCWHLoss)


@pytest.mark.large
def test_export_gives_the_same_bits(clothing, fitted, tmp_path):
    pytest.importorskip("onnxruntime")
    images, trunk, _ = clothing
    hasher = fitted.on(trunk)
    assert export.to_onnx(hasher, tmp_path / "mine.onnx", images=images.images[:32]).parity.passed
    encoder = zoo.encoding.encoders.open_encoder(tmp_path / "mine.onnx")
    np.testing.assert_array_equal(
        encoder.encode_batch(images.images[:32])["codes"],
        hasher.encode(images.images[:32], verbose=0),
    )


@pytest.mark.large
def test_it_goes_on_with_labels(clothing, fitted):
    images, trunk, _ = clothing
    fitted.on(trunk)
    hasher = zoo.Hasher(trunk, 64, 10)
    hasher.hash_layer.set_weights([fitted.head.kernel, fitted.head.bias])
    trunk.trainable = False
    hasher.compile("adam", losses.DCWHLoss(), metrics=["accuracy"])
    history = hasher.fit(images.images[:40], images.labels[:40], epochs=2, verbose=0)
    trunk.trainable = True
    assert np.isfinite(history.history["loss"]).all()


@pytest.fixture
def small():
    """Images of a small trunk, uint8 `[120, 28, 28, 1]`."""
    return zoo.load_sample("fashion_mnist").images[:120]


@pytest.mark.large
def test_pixels_batches_and_files_give_the_same_hasher(small, tmp_path, short_plan):
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for number, image in enumerate(small):
        Image.fromarray(image[..., 0]).save(tmp_path / "photos" / f"{number:03d}.png")
    batches = tf.data.Dataset.from_tensor_slices(small).batch(50)
    found = [
        zoo.fit_folder(images, code_length=10, trunk=SMALL, plan=short_plan, verbose=0)
        for images in (small, batches, tmp_path / "photos", str(tmp_path / "photos"))
    ]
    kernels = [hasher.hash_layer.get_weights()[0] for hasher in found]
    for kernel in kernels[1:]:
        # Batches of another size may differ in a last digit, which the descent magnifies.
        assert np.abs(kernel - kernels[0]).max() < 0.05 * np.abs(kernels[0]).max()
    np.testing.assert_array_equal(kernels[2], kernels[3])
    assert isinstance(found[0], keras.Model)
    assert len(list(tmp_path.iterdir())) == 1


def test_features_are_kept_where_asked(small, tmp_path, short_plan):
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for number, image in enumerate(small):
        Image.fromarray(image[..., 0]).save(tmp_path / "photos" / f"{number:03d}.png")
    options = {"trunk": SMALL, "plan": short_plan, "verbose": 0, "features": tmp_path / "kept"}
    zoo.fit_folder(tmp_path / "photos", **options)
    assert len(list((tmp_path / "kept").iterdir())) == 1
    hasher = zoo.fit_folder(tmp_path / "photos", code_length=8, **options)
    assert len(list((tmp_path / "kept").iterdir())) == 1
    assert export.to_onnx(hasher, tmp_path / "mine.onnx", images=small[:32]).parity.passed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"code_length": 5000}, "code_length is 5000"),
        ({"method": "vmff"}, "did you mean 'vmf'"),
        ({"trunk": "resnet9"}, "Unknown preset or file"),
        ({"image_size": 0}, "image_size is 0"),
    ],
)
def test_wrong_arguments_come_first(tmp_path, arguments, words):
    with pytest.raises(InputError, match=words):
        zoo.fit_folder(tmp_path / "missing", **arguments)


def test_too_few_images(small):
    with pytest.raises(InputError, match="49 images; a hasher is fitted to 50"):
        zoo.fit_folder(small[:49], trunk=SMALL)
    with pytest.raises(InputError, match="120 images, 1 of them different"):
        zoo.fit_folder(np.repeat(small[:1], 120, axis=0), trunk=SMALL, verbose=0)
